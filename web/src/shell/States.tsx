import { Button, Loader } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";
import { ApiFailure } from "../api/client";
import { inline } from "./Manual";

/** A quiet sign of loading that only shows when it takes a while. */
export function Loading({ what }: { what: string }) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 250);
    return () => clearTimeout(timer);
  }, []);
  return <div className="row muted small" role="status" style={{ padding: 14, minHeight: 48 }}>{late && <><Loader size="xs" /> Loading {what}…</>}</div>;
}

/** An error with what to do. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?: () => void }) {
  const hint = error instanceof ApiFailure ? error.hint : "";
  const problems = error instanceof ApiFailure ? error.problems : [];
  const message = error instanceof Error ? error.message : String(error);
  return (
    <div className="notice" data-tone="bad" role="alert">
      <h3>{inline(sentence(message))}</h3>
      {problems.length > 0 && <ul style={{ margin: "4px 0", paddingLeft: 18 }}>{problems.map((p, i) => <li key={i}>{p.field && <span className="mono">{p.field}: </span>}{p.message}{p.hint && <span className="muted"> {p.hint}</span>}</li>)}</ul>}
      {hint && <p className="small">{inline(sentence(hint))}</p>}
      {retry && <Button variant="default" mt={8} onClick={retry}>Try again</Button>}
    </div>
  );
}

/** An empty place, with what it is for and what to do. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="panel" style={{ padding: "34px 24px", textAlign: "center" }}>
      <h2 style={{ fontSize: 15, fontWeight: 500 }}>{title}</h2>
      {children && <div className="muted" style={{ marginTop: 4 }}>{children}</div>}
    </div>
  );
}

/** First letter upper case. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The time, renewed every second while `running`. */
export function useNow(running: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/** Sets the title of the browser's tab while the component is on the page. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title ? `${title} · Nilas` : "Nilas";
    return () => {
      document.title = "Nilas";
    };
  }, [title]);
}
