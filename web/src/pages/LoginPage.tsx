import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { api, ok } from "../api/client";
import { keys, queryClient } from "../api/queries";
import { Mark } from "../shell/Icon";
import { ErrorNotice } from "../shell/States";

/** E-mail and password. */
export function LoginPage() {
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (e: FormEvent) => {
    e.preventDefault();
    setBusy(true);
    setError(null);
    try {
      const me = await ok(api.POST("/api/v1/auth/login", { body: { email: email.trim(), password } }));
      queryClient.setQueryData(keys.me, me);
    } catch (failure) {
      setError(failure);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main style={{ minHeight: "100%", display: "grid", placeItems: "center", padding: 20 }}>
      <form onSubmit={submit} className="panel stack" style={{ padding: 28, width: "min(380px, 100%)" }}>
        <div className="row" style={{ marginBottom: 4 }}>
          <Mark size={30} />
          <div>
            <h1 style={{ fontSize: 19, lineHeight: 1.2 }}>Nilas</h1>
            <p className="muted small">Single-particle cryo-EM</p>
          </div>
        </div>
        <TextInput label="E-mail" type="text" autoComplete="username" required autoFocus value={email} onChange={(e) => setEmail(e.currentTarget.value)} />
        <PasswordInput label="Password" autoComplete="current-password" required value={password} onChange={(e) => setPassword(e.currentTarget.value)} />
        {error !== null && <ErrorNotice error={error} />}
        <Button type="submit" size="sm" loading={busy}>Log in</Button>
        <p className="muted small">No account yet? On the server: <span className="mono">nilas user add</span></p>
      </form>
    </main>
  );
}
