import { Button, Checkbox, CopyButton, Group, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { formatBytes, formatTime } from "../api/format";
import { keys, queryClient, useLanes, useMe, useTokens, useUsers } from "../api/queries";
import { Empty, ErrorNotice, Loading } from "../shell/States";

/** The account: password and API tokens. */
export function AccountPage() {
  const me = useMe();
  return (
    <div className="stack" style={{ maxWidth: 860, marginInline: "auto" }}>
      <h1 style={{ fontSize: 21 }}>Account</h1>
      <section className="panel pad">
        <dl className="facts">
          <dt>Name</dt><dd>{me.data?.user.name || "–"}</dd>
          <dt>E-mail</dt><dd>{me.data?.user.email}</dd>
          <dt>Role</dt><dd>{me.data?.user.admin ? "administrator" : "user"}</dd>
        </dl>
      </section>
      <Tokens />
      <Password />
    </div>
  );
}

function Secret({ label, value }: { label: string; value: string }) {
  return (
    <div className="notice" data-tone="warn" role="status">
      <h3>{label}</h3>
      <div className="row" style={{ marginTop: 4 }}>
        <code className="mono" style={{ overflowWrap: "anywhere", userSelect: "all" }}>{value}</code>
        <CopyButton value={value}>{({ copied, copy }) => <Button variant="default" onClick={copy}>{copied ? "Copied" : "Copy"}</Button>}</CopyButton>
      </div>
    </div>
  );
}

function Tokens() {
  const tokens = useTokens();
  const [name, setName] = useState("");
  const [days, setDays] = useState<number | string>("");
  const [made, setMade] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const refresh = () => queryClient.invalidateQueries({ queryKey: keys.tokens });
  const create = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    try {
      const answer = await ok(api.POST("/api/v1/tokens", { body: { name: name.trim(), expires_days: typeof days === "number" ? days : null } }));
      setMade(answer.token);
      setName("");
      await refresh();
    } catch (failure) {
      setError(failure);
    }
  };
  const revoke = async (id: number) => {
    setError(null);
    try {
      await ok(api.DELETE("/api/v1/tokens/{id}", { params: { path: { id } } }));
      await refresh();
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section className="panel pad stack" aria-label="API tokens">
      <div>
        <h2>API tokens</h2>
        <p className="muted small">For the command line, scripts and workers: <span className="mono">Authorization: Bearer …</span></p>
      </div>
      {made && <Secret label="Copy the token now; it is not shown again" value={made} />}
      {error !== null && <ErrorNotice error={error} />}
      {tokens.isPending && <Loading what="tokens" />}
      {tokens.error && <ErrorNotice error={tokens.error} />}
      {tokens.data?.length === 0 && <p className="muted">No tokens.</p>}
      {tokens.data && tokens.data.length > 0 && (
        <div style={{ overflowX: "auto" }}>
          <table className="data-table">
            <thead><tr><th scope="col">Name</th><th scope="col">Made</th><th scope="col">Last used</th><th scope="col">Ends</th><th scope="col"><span className="skip">Revoke</span></th></tr></thead>
            <tbody>
              {tokens.data.map((t) => (
                <tr key={t.id}>
                  <td>{t.name}</td><td>{formatTime(t.created_ms)}</td><td>{t.last_used_ms ? formatTime(t.last_used_ms) : "never"}</td><td>{t.expires_ms ? formatTime(t.expires_ms) : "never"}</td>
                  <td className="number"><Button variant="subtle" color="red" size="compact-xs" onClick={() => void revoke(t.id)}>Revoke</Button></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <form onSubmit={create} className="row" style={{ alignItems: "flex-end" }}>
        <TextInput label="What it is for" required className="grow" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        <NumberInput label="Days until it ends" placeholder="never" min={1} max={3650} allowDecimal={false} w={160} value={days} onChange={setDays} />
        <Button type="submit" size="sm">Make a token</Button>
      </form>
    </section>
  );
}

function Password() {
  const [current, setCurrent] = useState("");
  const [next, setNext] = useState("");
  const [state, setState] = useState<"idle" | "done">("idle");
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    setState("idle");
    try {
      await ok(api.POST("/api/v1/auth/password", { body: { current, new: next } }));
      setCurrent("");
      setNext("");
      setState("done");
    } catch (failure) {
      setError(failure);
    }
  };
  return (
    <section className="panel pad" aria-label="Password">
      <form onSubmit={submit} className="stack">
        <h2>Password</h2>
        <Group align="flex-start" grow>
          <PasswordInput label="Password until now" required autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.currentTarget.value)} />
          <PasswordInput label="New password" required minLength={8} autoComplete="new-password" description="At least 8 characters" inputWrapperOrder={["label", "input", "description", "error"]} value={next} onChange={(e) => setNext(e.currentTarget.value)} />
        </Group>
        {error !== null && <ErrorNotice error={error} />}
        {state === "done" && <p role="status" style={{ color: "var(--s-completed)" }}>The password is changed. All other sessions have ended.</p>}
        <div><Button type="submit" size="sm" variant="default">Change password</Button></div>
      </form>
    </section>
  );
}

/** Accounts of this server (administrators make new ones). */
export function UsersPage() {
  const users = useUsers();
  const [email, setEmail] = useState("");
  const [name, setName] = useState("");
  const [admin, setAdmin] = useState(false);
  const [made, setMade] = useState<{ email: string; password: string } | null>(null);
  const [error, setError] = useState<unknown>(null);
  const create = async (e: FormEvent) => {
    e.preventDefault();
    setError(null);
    try {
      const answer = await ok(api.POST("/api/v1/users", { body: { email: email.trim(), name: name.trim(), admin, password: null } }));
      setMade(answer.password ? { email: answer.user.email, password: answer.password } : null);
      setEmail("");
      setName("");
      setAdmin(false);
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
            <thead><tr><th scope="col">Id</th><th scope="col">Name</th><th scope="col">E-mail</th><th scope="col">Role</th><th scope="col">Made</th></tr></thead>
            <tbody>{users.data.map((u) => <tr key={u.id}><td className="mono muted">{u.id}</td><td>{u.name}</td><td>{u.email}</td><td>{u.admin ? "administrator" : "user"}</td><td>{formatTime(u.created_ms)}</td></tr>)}</tbody>
          </table>
        )}
      </section>
      {made && <Secret label={`Password of ${made.email}; it is not shown again`} value={made.password} />}
      <form onSubmit={create} className="panel pad stack" aria-label="New user">
        <h2>New user</h2>
        <Group grow align="flex-end">
          <TextInput label="E-mail" required value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
          <TextInput label="Name" value={name} onChange={(e) => setName(e.currentTarget.value)} />
        </Group>
        <Checkbox label="Administrator" checked={admin} onChange={(e) => setAdmin(e.currentTarget.checked)} />
        {error !== null && <ErrorNotice error={error} />}
        <div><Button type="submit" size="sm">Make the account</Button></div>
      </form>
    </div>
  );
}

/** Lanes with their machines and load. */
export function LanesPage() {
  const lanes = useLanes();
  return (
    <div className="stack" style={{ maxWidth: 1000, marginInline: "auto" }}>
      <h1 style={{ fontSize: 21 }}>Lanes</h1>
      {lanes.isPending && <Loading what="lanes" />}
      {lanes.error && <ErrorNotice error={lanes.error} retry={() => void lanes.refetch()} />}
      {lanes.data?.length === 0 && <Empty title="No lanes" />}
      {lanes.data && lanes.data.length > 0 && (
        <section className="panel pad" style={{ overflowX: "auto" }}>
          <table className="data-table">
            <thead><tr>{["Lane", "Machine", "Cores", "Memory", "State", "Running", "Waiting"].map((h) => <th key={h} scope="col">{h}</th>)}</tr></thead>
            <tbody>
              {lanes.data.map((lane) => (
                <tr key={lane.name}>
                  <td style={{ fontWeight: 500 }}>{lane.name}</td>
                  <td>{lane.host}<span className="muted">, {lane.kind === "local" ? "this server" : "worker"}</span></td>
                  <td>{lane.cores}</td>
                  <td>{formatBytes(lane.memory_bytes)}</td>
                  <td style={{ color: lane.connected ? "var(--s-completed)" : "var(--s-failed)" }}>{lane.connected ? "connected" : `gone since ${formatTime(lane.last_seen_ms)}`}</td>
                  <td>
                    {lane.running.length === 0 && "–"}
                    {lane.running.map((r) => <Link key={`${r.project}/${r.job}`} className="mono" style={{ marginRight: 10 }} to="/projects/$project/jobs/$job" params={{ project: r.project, job: r.job }}>{r.project}/{r.job}</Link>)}
                  </td>
                  <td>{lane.queued}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </div>
  );
}
