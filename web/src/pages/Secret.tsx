import { Button, CopyButton } from "@mantine/core";

/** A secret that is shown this once, with a button that copies it. */
export function Secret({ label, value }: { label: string; value: string }) {
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
