/** Guarantee: a field takes what is typed when it is left or Enter is pressed, and nothing half typed. */

import type { ComponentChildren } from "preact";

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
        onChange={(event) => {
          const chosen = options.find(([name]) => name === event.currentTarget.value);
          if (chosen) set(chosen[0]);
        }}
      >
        {options.map(([name, title]) => <option key={name} value={name}>{title}</option>)}
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
  children?: ComponentChildren;
  set(value: number): void;
}

/** A number. */
export function Amount({ label, value, least, most, step = "any", whole, children, set }: AmountProps) {
  return (
    <label class="field">
      <span>{label}</span>
      <input
        type="number"
        min={least}
        max={most}
        step={whole ? 1 : step}
        value={value}
        onChange={(event) => {
          const field = event.currentTarget;
          const typed = field.valueAsNumber;
          // Not the whole of its validity: any step may be typed.
          const { rangeUnderflow, rangeOverflow } = field.validity;
          const refused = Number.isNaN(typed) || rangeUnderflow || rangeOverflow;
          if (refused || (whole && !Number.isInteger(typed))) field.value = String(value);
          else set(typed);
        }}
      />
      {children}
    </label>
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
