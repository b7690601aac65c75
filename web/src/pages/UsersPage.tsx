import { ActionIcon, Button, Checkbox, Group, Menu, Modal, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { formatTime } from "../api/format";
import type { UserInfo } from "../api/model";
import { keys, queryClient, useMe, useUsers } from "../api/queries";
import { Icon } from "../shell/Icon";
import { ErrorNotice, Loading } from "../shell/States";
import { Secret } from "./Secret";

function roleOf(user: UserInfo): string {
  if (user.disabled) return "disabled";
  return user.admin ? "administrator" : "user";
}

type Made = { email: string; password: string };
type Dialog = "disable" | "remove" | "password";

const QUESTIONS: Record<Dialog, { title: (who: string) => string; text: string; action: string }> = {
  disable: {
    title: (who) => `Disable ${who}?`,
    text: "The account can no longer sign in. Its sessions and API tokens end at once. Its projects and jobs stay, and it can be enabled again.",
    action: "Disable account",
  },
  remove: {
    title: (who) => `Remove ${who}?`,
    text: "The account goes with its sessions and API tokens. Its projects and jobs stay. This can't be undone.",
    action: "Remove account",
  },
  password: {
    title: (who) => `New password for ${who}?`,
    text: "The server makes a password and shows it once. All sessions of the account end.",
    action: "Make a new password",
  },
};

/** What an administrator may do with the account of somebody else. */
function UserActions({ user, onPassword, onError }: { user: UserInfo; onPassword: (made: Made) => void; onError: (error: unknown) => void }) {
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const params = { path: { u: user.id } };
  const act = async (action: () => Promise<unknown>) => {
    onError(null);
    try {
      await action();
      await queryClient.invalidateQueries({ queryKey: keys.users });
    } catch (failure) {
      onError(failure);
    }
    setDialog(null);
  };
  const change = (body: { admin?: boolean; disabled?: boolean }) => act(() => ok(api.PATCH("/api/v1/users/{u}", { params, body })));
  const confirmed: Record<Dialog, () => Promise<void>> = {
    disable: () => change({ disabled: true }),
    remove: () => act(() => ok(api.DELETE("/api/v1/users/{u}", { params }))),
    password: () =>
      act(async () => {
        const reset = await ok(api.POST("/api/v1/users/{u}/password", { params, body: {} }));
        if (reset.password) onPassword({ email: user.email, password: reset.password });
      }),
  };
  const question = dialog && QUESTIONS[dialog];
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target><ActionIcon variant="subtle" color="gray" aria-label={`Actions for ${user.email}`}><Icon name="dots" /></ActionIcon></Menu.Target>
        <Menu.Dropdown>
          {!user.disabled && <Menu.Item onClick={() => void change({ admin: !user.admin })}>{user.admin ? "Make an ordinary user" : "Make an administrator"}</Menu.Item>}
          {!user.disabled && <Menu.Item onClick={() => setDialog("password")}>Set a new password</Menu.Item>}
          {user.disabled ? <Menu.Item onClick={() => void change({ disabled: false })}>Enable</Menu.Item> : <Menu.Item onClick={() => setDialog("disable")}>Disable</Menu.Item>}
          <Menu.Item color="red" onClick={() => setDialog("remove")}>Remove</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal opened={dialog !== null} onClose={() => setDialog(null)} title={question?.title(user.email)}>
        {dialog && question && (
          <div className="stack" style={{ textAlign: "left" }}>
            <p>{question.text}</p>
            <Group justify="flex-end">
              <Button variant="default" onClick={() => setDialog(null)}>Cancel</Button>
              <Button color={dialog === "password" ? "blue" : "red"} onClick={() => void confirmed[dialog]()}>{question.action}</Button>
            </Group>
          </div>
        )}
      </Modal>
    </>
  );
}

/** Accounts of this server; administrators make, change, disable and remove them. */
export function UsersPage() {
  const users = useUsers();
  const me = useMe();
  const admin = me.data?.user.admin ?? false;
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [asAdmin, setAsAdmin] = useState(false);
  const [made, setMade] = useState<{ email: string; password: string } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const create = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    try {
      const answer = await ok(api.POST("/api/v1/users", { body: { email: email.trim(), name: name.trim(), admin: asAdmin, password: null } }));
      setMade(answer.password ? { email: answer.user.email, password: answer.password } : null);
      setEmail("");
      setName("");
      setAsAdmin(false);
      await queryClient.invalidateQueries({ queryKey: keys.users });
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <div className="stack" style={{ maxWidth: 860, marginInline: "auto" }}>
      <h1 style={{ fontSize: 21 }}>Users</h1>
      <section className="panel pad" style={{ overflowX: "auto" }}>
        {users.isPending && <Loading what="users" />}
        {users.error && <ErrorNotice error={users.error} />}
        {users.data && (
          <table className="data-table">
            <thead><tr><th scope="col">Id</th><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Role</th><th scope="col">Made</th>{admin && <th scope="col"><span className="skip">Actions</span></th>}</tr></thead>
            <tbody>
              {users.data.map((u) => (
                <tr key={u.id} className={u.disabled ? "muted" : undefined}>
                  <td className="mono muted">{u.id}</td><td>{u.name}</td><td>{u.email}</td><td>{roleOf(u)}</td><td>{formatTime(u.created_ms)}</td>
                  {admin && <td className="number" style={{ paddingBlock: 0 }}>{u.id !== me.data?.user.id && <UserActions user={u} onPassword={setMade} onError={setError} />}</td>}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </section>
      {error !== null && <ErrorNotice error={error} />}
      {made && <Secret label={`Password of ${made.email}; it is not shown again`} value={made.password} />}
      {admin && <form onSubmit={create} className="panel pad stack" aria-label="New user">
        <h2>New user</h2>
        <Group grow align="flex-end">
          <TextInput label="E-mail" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
          <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        </Group>
        <Checkbox label="Administrator" checked={asAdmin} onChange={(e) => setAsAdmin(e.currentTarget.checked)} />
        <div><Button type="submit" size="sm">Make the account</Button></div>
      </form>}
    </div>
  );
}
