/** Guarantee: a number is shortened for the eye alone; the whole of it is one look or query away. */

const DIGITS = 4; // that count
const LEAST = 1e-3; // below it and from GREATEST on, a power of ten says more
const GREATEST = 1e6;

/** Shorten a number, with a true minus. */
export function short(value: number, digits = DIGITS): string {
  return shortened(value, digits).replaceAll("-", "−");
}

function shortened(value: number, digits: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || (Number.isInteger(value) && size < GREATEST)) return String(value);
  if (size < LEAST || size >= GREATEST) return value.toExponential(digits - 2);
  return String(Number(value.toFixed(Math.max(0, digits - 1 - Math.floor(Math.log10(size))))));
}

export function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

/** 1 unit, 2 units. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
}

/** Shoal sends null for what is no finite number. */
export function Num({ value, digits }: { value: number | null; digits?: number }) {
  if (value === null) return <span class="num">not finite</span>;
  return (
    <data class="num" value={String(value)} data-value={String(value)} title={String(value)}>
      {short(value, digits)}
    </data>
  );
}
