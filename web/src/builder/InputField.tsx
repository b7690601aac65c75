import { ActionIcon, Select } from "@mantine/core";
import type { InputRef, InputSpec, JobInfo, JobSpec } from "../api/model";
import { Icon } from "../shell/Icon";
import { inline } from "../shell/Manual";
import { Status } from "../shell/Status";
import { candidates } from "./params";

const KINDS: Record<string, string> = { particle: "particles", volume: "a map", mask: "a mask", exposure: "exposures" };

interface Props {
  spec: InputSpec;
  job: JobInfo;
  jobs: readonly JobInfo[];
  types: readonly JobSpec[];
  refs: InputRef[];
  problem: string | null;
  disabled: boolean;
  onChange: (refs: InputRef[]) => void;
}

/** One input: what is connected, and a list of outputs of other jobs that could be. */
export function InputField({ spec, job, jobs, types, refs, problem, disabled, onChange }: Props) {
  const options = candidates(spec, job, jobs, types);
  const key = (ref: InputRef) => `${ref.job}.${ref.output}`;
  const taken = new Set(refs.map(key));
  const free = options.filter((o) => !taken.has(key(o.ref)));
  const full = refs.length >= spec.max;
  const kind = KINDS[spec.kind] ?? spec.kind;
  const need = [spec.min === 0 && "optional", spec.max > 1 && "one output or several"].filter(Boolean).join(", ");
  return (
    <div data-input={spec.name} id={`input-${spec.name}`} style={{ scrollMarginTop: 60 }}>
      <div className="row" style={{ gap: 6 }}>
        <span style={{ fontWeight: 500 }}>{spec.title}{spec.min > 0 && <span style={{ color: "var(--s-failed)" }} aria-hidden="true"> *</span>}</span>
        <span className="muted small">{kind}{need && `, ${need}`}</span>
      </div>
      <p className="muted small" style={{ marginBottom: 6 }}>{inline(spec.help)}</p>
      <div className="stack" style={{ gap: 6 }}>
        {refs.map((ref) => {
          const option = options.find((o) => key(o.ref) === key(ref));
          const source = jobs.find((one) => one.id === ref.job);
          return (
            <div key={key(ref)} className="connection">
              <span className="mono">{ref.job}</span>
              <span className="clip grow">{option?.title ?? ref.output}{source && <span className="muted"> of {source.display_title}</span>}{option?.summary && <span className="muted">, {option.summary}</span>}</span>
              {source && !option?.ready && <Status status={source.status} />}
              {!disabled && (
                <ActionIcon variant="subtle" color="gray" size="sm" aria-label={`Disconnect ${ref.job} ${ref.output}`} onClick={() => onChange(refs.filter((r) => key(r) !== key(ref)))}>
                  <Icon name="cross" />
                </ActionIcon>
              )}
            </div>
          );
        })}
        {!full && !disabled && (
          <Select
            aria-label={`Connect ${spec.title}`}
            placeholder={free.length > 0 ? "Connect an output…" : `No job of this project gives ${kind} yet`}
            data={free.map((o) => ({ value: key(o.ref), label: `${o.ref.job} ${o.job.display_title}: ${o.title}${o.summary ? `, ${o.summary}` : ""}` }))}
            value={null}
            disabled={free.length === 0}
            searchable={free.length > 8}
            onChange={(picked) => {
              const option = free.find((o) => key(o.ref) === picked);
              if (option) onChange([...refs, option.ref]);
            }}
          />
        )}
      </div>
      {problem && <p className="small" role="alert" style={{ color: "var(--s-failed)", marginTop: 4 }}>{problem}</p>}
    </div>
  );
}
