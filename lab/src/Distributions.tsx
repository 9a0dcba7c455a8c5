/** Guarantee: how the numbers of each array are spread, as a picture and in words. */

import { Sym } from "./formula";
import { percent, short } from "./numbers";
import type { Activation, Frame, Histogram } from "./protocol";
import type { Lab, Props, Run } from "./store";
import { EachRun } from "./runs";

type Name = keyof NonNullable<Frame["distributions"]>;
const NAMES: Name[] = ["z1", "a1", "dz1", "dW1", "dW2"];
const WIDTH = 120;
const HEIGHT = 48;

/** Where the slope is a hundredth of its greatest, as in shoal.activations: z, and a there. */
const STEEP: Partial<Record<Activation, Record<string, [number, number]>>> = {
  tanh: { z1: [-2.993, 2.993], a1: [-0.99499, 0.99499] },
  sigmoid: { z1: [-5.986, 5.986], a1: [0.002506, 0.997494] },
};

export function Distributions({ lab }: Props) {
  return (
    <section class="distributions" aria-labelledby={`${lab.id}-distributions`} data-part="distributions">
      <h2 id={`${lab.id}-distributions`}>Distributions</h2>
      <EachRun lab={lab} show={(run) => <Spread lab={lab} run={run} />} />
    </section>
  );
}

function Spread({ lab, run }: { lab: Lab; run: Run }) {
  const spread = run.figures.value?.distributions;
  if (!spread) return null;
  const steep = STEEP[run.scenario.value.activation];
  return (
    <div class="histograms">
      {NAMES.map((name) => (
        <Bars lab={lab} name={name} of={spread[name]} steep={steep?.[name]} />
      ))}
      {steep && (
        <p class="quiet">
          Shaded: the flat ends of {run.scenario.value.activation}, where the slope is below a
          hundredth of its greatest.
        </p>
      )}
    </div>
  );
}

interface BarsProps {
  lab: Lab;
  name: Name;
  of: Histogram;
  steep: [number, number] | undefined;
}

function Bars({ lab, name, of, steep }: BarsProps) {
  const { low, high, counts } = of;
  const x = (value: number) =>
    Math.min(WIDTH, Math.max(0, (WIDTH * (value - low)) / (high - low || 1)));
  return (
    <figure>
      <figcaption>
        <Sym lab={lab} name={name} />
      </figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={inWords(name, of, steep)}>
        {steep && <rect class="flat" x={0} y={0} width={x(steep[0])} height={HEIGHT} />}
        {steep && <rect class="flat" x={x(steep[1])} y={0} width={WIDTH - x(steep[1])} height={HEIGHT} />}
        <path class="bar" d={barsOf(counts)} />
      </svg>
      <div class="ends" aria-hidden="true">
        <span>{short(low, 2)}</span>
        <span>{short(high, 2)}</span>
      </div>
    </figure>
  );
}

/** All bars as one path: a picture has no time for each of them. */
function barsOf(counts: number[]): string {
  const [most, wide] = [Math.max(...counts, 1), WIDTH / counts.length];
  return counts
    .map((n, i) => (n ? `M${(i * wide).toFixed(2)} ${HEIGHT}h${(0.9 * wide).toFixed(2)}v${tall(n / most)}H${(i * wide).toFixed(2)}z` : ""))
    .join("");
}
const tall = (share: number) => (-share * (HEIGHT - 4)).toFixed(2);

function inWords(name: Name, { low, high, counts }: Histogram, steep?: [number, number]): string {
  const all = counts.reduce((sum, n) => sum + n, 0);
  const wide = (high - low) / counts.length;
  const fullest = counts.indexOf(Math.max(...counts));
  const [from, to] = [low + fullest * wide, low + (fullest + 1) * wide];
  const most = percent((counts[fullest] ?? 0) / (all || 1));
  const text = `${name}: ${all} numbers from ${short(low)} to ${short(high)}; most, ${most}, lie from ${short(from)} to ${short(to)}`;
  if (!steep || name !== "z1") return `${text}.`; // within a bin of a1 there is no telling
  const flat = counts.filter((_, i) => {
    const middle = low + (i + 0.5) * wide;
    return middle < steep[0] || middle > steep[1];
  });
  const share = flat.reduce((sum, n) => sum + n, 0) / (all || 1);
  return `${text}. About ${percent(share)} lie on the flat ends.`;
}
