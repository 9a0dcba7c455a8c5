/** Guarantee: a field takes what is typed when it is left or Enter is pressed, and nothing half typed. */

import { useSignal } from "@preact/signals";

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
export function Amount({ label, value, least, most, step = "any", whole, set }: AmountProps) {
  const wrong = useSignal(false);
  const take = (field: HTMLInputElement) => {
    const typed = field.valueAsNumber;
    wrong.value = !(typed >= least && typed <= most) || Boolean(whole && !Number.isInteger(typed));
    if (!wrong.value) set(typed);
  };
  return (
    <>
      <label class="field">
        <span>{label}</span>
        <input
          type="number"
          min={least}
          max={most}
          step={whole ? 1 : step}
          value={value}
          aria-invalid={wrong.value}
          onChange={(event) => take(event.currentTarget)}
        />
      </label>
      {wrong.value && (
        <p class="error" role="alert">
          {label}: {whole ? "a whole number" : "a number"}, {least} to {most.toLocaleString("en")}.
        </p>
      )}
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
