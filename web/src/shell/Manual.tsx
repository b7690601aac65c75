import type { ReactNode } from "react";

/** Manual text of a job type: paragraphs, lists, headings and `code`; the part of Markdown that manuals use. */
export function Manual({ text }: { text: string }) {
  return (
    <div className="stack small" style={{ gap: 8 }}>
      {text.trim().split(/\n\s*\n/).map((block, i) => <Block key={i} text={block} />)}
    </div>
  );
}

function Block({ text }: { text: string }) {
  const lines = text.split("\n");
  const first = lines[0] ?? "";
  if (/^#+ /.test(first)) return <h3 style={{ fontSize: 13 }}>{inline(first.replace(/^#+ /, ""))}</h3>;
  if (/^[-*] /.test(first)) {
    const items = text.split(/\n(?=[-*] )/).map((item) => item.replace(/^[-*] /, "").replaceAll(/\n\s*/g, " "));
    return <ul style={{ margin: 0, paddingLeft: 16 }}>{items.map((item, i) => <li key={i}>{inline(item)}</li>)}</ul>;
  }
  if (lines.every((line) => line.startsWith("    "))) return <pre className="output" style={{ padding: "4px 0" }}>{lines.map((line) => line.slice(4)).join("\n")}</pre>;
  return <p>{inline(lines.join(" "))}</p>;
}

/** Text with `code` and **stress**. */
export function inline(text: string): ReactNode[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, i) => {
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2) return <code key={i} className="mono">{part.slice(1, -1)}</code>;
    if (part.startsWith("**") && part.endsWith("**") && part.length > 4) return <strong key={i}>{part.slice(2, -2)}</strong>;
    return part;
  });
}
