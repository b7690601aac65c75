import { Button, Group, NumberInput, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { formatTime } from "../api/format";
import { keys, queryClient, useMe, useTokens } from "../api/queries";
import { ErrorNotice, Loading } from "../shell/States";
import { Secret } from "./Secret";

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
        <TextInput label="What it is for" required className="grow" miw={180} value={name} onChange={(e) => setName(e.currentTarget.value)} />
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
          <PasswordInput label="Current password" required autoComplete="current-password" value={current} onChange={(e) => setCurrent(e.currentTarget.value)} />
          <PasswordInput label="New password" required minLength={8} autoComplete="new-password" description="At least 8 characters" inputWrapperOrder={["label", "input", "description", "error"]} value={next} onChange={(e) => setNext(e.currentTarget.value)} />
        </Group>
        {error !== null && <ErrorNotice error={error} />}
        {state === "done" && <p role="status" style={{ color: "var(--s-completed)" }}>The password is changed. All other sessions have ended.</p>}
        <div><Button type="submit" size="sm" variant="default">Change password</Button></div>
      </form>
    </section>
  );
}
