/** Guarantee: where an iteration and a cost lie on the curve's picture, and which are written beside it. */

export const [WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [320, 190, 50, 26, 10, 8];

/** Where a linear axis ends: a cost beyond it, of a run that diverges, leaves the picture. */
const LARGEST = 20;

export interface Scale {
  across(iteration: number): number;
  down(cost: number): number;
  back(across: number): number;
  costs: number[]; // that are written
  last: number; // iteration
}

/** Return the scale that has room for these costs up to an iteration. */
export function scaleOf(costs: number[], last: number, log: boolean): Scale {
  const usable = costs.filter((cost) => Number.isFinite(cost) && (!log || cost > 0));
  const [least, most] = usable.reduce(
    ([a, b], cost) => [Math.min(a, cost), Math.max(b, cost)],
    [Infinity, 0],
  );
  const [low, high] = usable.length ? roomFor(least, log ? most : Math.min(most, LARGEST), log) : [0, 1];
  const of = (cost: number) =>
    log ? Math.log(cost / low) / Math.log(high / low) : (cost - low) / (high - low);
  const width = WIDTH - LEFT - RIGHT;
  const height = HEIGHT - TOP - BOTTOM;
  return {
    across: (iteration) => LEFT + (iteration / last) * width,
    down: (cost) => Math.max(0, TOP + (1 - of(cost)) * height),
    back: (across) => Math.max(0, Math.round(((across - LEFT) / width) * last)),
    costs: log ? logTicks(low, high) : linearTicks(low, high),
    last,
  };
}

/** Least and greatest of the axis: linear from zero, logarithmic around what is there. */
function roomFor(low: number, high: number, log: boolean): [number, number] {
  if (!log) return [0, high > 0 ? 1.06 * high : 1];
  return high / low > 1.2 ? [0.9 * low, 1.1 * high] : [0.8 * low, 1.25 * high];
}

function linearTicks(low: number, high: number): number[] {
  const rough = (high - low) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  return Array.from({ length: Math.floor(high / step) + 1 }, (_, k) => Number((k * step).toPrecision(6)));
}

function logTicks(low: number, high: number): number[] {
  const found: number[] = [];
  const wide = high / low > 100;
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power += 1)
    for (const factor of wide ? [1] : [1, 2, 5]) {
      const tick = Number((factor * 10 ** power).toPrecision(6));
      if (tick >= low && tick <= high) found.push(tick);
    }
  return found;
}

/** Return a path through the costs that can be shown. */
export function pathOf(
  { across, down }: Scale,
  iterations: number[],
  costs: (number | null)[],
  log: boolean,
): string {
  let path = "";
  let pen = "M";
  iterations.forEach((iteration, k) => {
    const cost = costs[k] ?? null;
    if (cost === null || !Number.isFinite(cost) || (log && cost <= 0)) {
      pen = "M";
      return;
    }
    path += `${pen}${across(iteration).toFixed(1)} ${down(cost).toFixed(1)}`;
    pen = "L";
  });
  return path;
}
