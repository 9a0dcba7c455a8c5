/** Guarantee: a field takes what is typed when it is left or Enter is pressed, and nothing half typed. */

import { useEntry } from "./entry";

interface ChoiceProps<T extends string> {
  label: string;
  value: T;
  options: readonly (readonly [T, string])[];
  set(value: T): void;
}

export function Choice<T extends string>({ label, value, options, set }: ChoiceProps<T>) {
  return (
    <label class="field">
      <span>{label}</span>
      <select
        value={value}
        title={options.find(([name]) => name === value)?.[1]}
        onChange={(event) => {
          const chosen = options.find(([name]) => name === event.currentTarget.value);
          if (chosen) set(chosen[0]);
        }}
      >
        {options.map(([name, title]) => (
          <option key={name} value={name}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

interface AmountProps {
  label: string;
  value: number;
  least: number;
  most: number;
  step?: number | "any";
  whole?: boolean;
  set(value: number): void;
}

/** A number; one out of its range is refused, and the range said. */
export function Amount({ step = "any", ...entry }: AmountProps) {
  const { field, refusal } = useEntry(entry);
  return (
    <>
      <label class="field">
        <span>{entry.label}</span>
        <input {...field} step={entry.whole ? 1 : step} />
      </label>
      {refusal}
    </>
  );
}

const STEPS = 20; // of a slider, to a power of ten

/** A positive number, with a slider by powers of ten. */
export function Magnitude(props: AmountProps & { from: number; to: number }) {
  const { label, value, from, to, set } = props;
  const place = value > 0 ? Math.log10(value) * STEPS : from * STEPS;
  return (
    <div class="magnitude">
      <Amount {...props} />
      <input
        type="range"
        aria-label={`${label}, by powers of ten`}
        aria-valuetext={String(value)}
        min={from * STEPS}
        max={to * STEPS}
        step={1}
        value={Math.round(place)}
        onChange={(event) => set(Number((10 ** (event.currentTarget.valueAsNumber / STEPS)).toPrecision(2)))}
      />
    </div>
  );
}
