import { Autocomplete, Button, Select, Switch, TextInput } from "@mantine/core";
import { useEffect, useState } from "react";
import type { ParamSpec } from "../api/model";
import { PathPicker } from "../pages/PathPicker";
import { inline } from "../shell/Manual";
import { defaultText, paramText, parseParam, rangeText } from "./params";

const POINT_GROUPS = ["C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "D2", "D3", "D4", "D5", "D6", "D7", "T", "O", "I1", "I2", "I3", "I4"];

interface Props {
  spec: ParamSpec;
  /** Undefined when not set. */
  value: unknown;
  /** Problem found by the server. */
  problem: string | null;
  disabled: boolean;
  onChange: (value: unknown) => void;
}

/** One parameter: heading, help, unit, range, default and what is wrong with it. */
export function ParamField({ spec, value, problem, disabled, onChange }: Props) {
  const [text, setText] = useState(paramText(value));
  const [touched, setTouched] = useState(false);
  const [picking, setPicking] = useState(false);
  // a change from outside (another tab, reset) replaces the text unless it means the same
  useEffect(() => {
    if (paramText(parseParam(spec, text).value) !== paramText(value)) setText(paramText(value));
    // only when the value changes
  }, [value]);

  const changed = value !== undefined && paramText(value) !== paramText(spec.default);
  const own = touched ? parseParam(spec, text).error : null;
  const range = rangeText(spec);
  const help = (
    <>
      {inline(spec.help)}
      {range && <span className="num"> Range: {range}.</span>}
    </>
  );
  const common = { id: `param-${spec.name}`, label: spec.title, description: help, error: own ?? problem ?? undefined, disabled, withAsterisk: spec.required, className: changed ? "field-changed" : undefined } as const;
  const edit = (next: string) => {
    setText(next);
    onChange(parseParam(spec, next).value);
  };

  switch (spec.type) {
    case "boolean": {
      const on = value === undefined ? spec.default === true : value === true;
      return <Switch {...common} checked={on} onChange={(e) => onChange(e.currentTarget.checked)} size="sm" />;
    }
    case "choice":
      return <Select {...common} data={spec.options} value={text || paramText(spec.default) || null} placeholder={defaultText(spec)} onChange={(next) => edit(next ?? "")} allowDeselect={false} />;
    case "symmetry":
      return <Autocomplete {...common} data={POINT_GROUPS} value={text} placeholder={defaultText(spec)} onChange={edit} onBlur={() => setTouched(true)} />;
    case "path":
      return (
        <>
          <TextInput
            {...common}
            value={text}
            placeholder={defaultText(spec) || "/path/on/the/server"}
            onChange={(e) => edit(e.currentTarget.value)}
            onBlur={() => setTouched(true)}
            rightSectionWidth={74}
            rightSection={<Button variant="subtle" disabled={disabled} onClick={() => setPicking(true)}>Browse</Button>}
            classNames={{ input: "mono" }}
          />
          <PathPicker
            opened={picking}
            start={text}
            folders={false}
            onClose={() => setPicking(false)}
            onPick={(path) => {
              edit(path);
              setPicking(false);
            }}
          />
        </>
      );
    default:
      return (
        <TextInput
          {...common}
          value={text}
          placeholder={defaultText(spec)}
          inputMode={spec.type === "integer" ? "numeric" : spec.type === "number" ? "decimal" : "text"}
          onChange={(e) => edit(e.currentTarget.value)}
          onBlur={() => setTouched(true)}
          {...(spec.unit ? { rightSection: <span className="muted small">{spec.unit}</span>, rightSectionWidth: 18 + spec.unit.length * 8 } : {})}
        />
      );
  }
}
