/**
 * Guarantee: what a scenario is at an iteration is worked out here alone: its settings there, and
 * what it becomes when something is changed.
 */

import type { Change, Data, Scenario, Settings, View } from "./protocol";

/** Return the settings of the step after an iteration. */
export function settingsAt(scenario: Scenario, iteration: number): Settings {
  let { optimizer, alpha, batch_size, l2 } = scenario;
  for (const change of scenario.changes) {
    if (change.at > iteration) break;
    ({ optimizer, alpha, batch_size, l2 } = { optimizer, alpha, batch_size, l2, ...change });
  }
  return { optimizer, alpha, batch_size, l2 };
}

/** Return the scenario that leaves this one at an iteration: what came after it is forgotten. */
export function branched(
  scenario: Scenario,
  at: number,
  { weights, ...settings }: Partial<Settings> & Pick<Change, "weights">,
): Scenario {
  const earlier = scenario.changes.filter((change) => change.at < at);
  const { weights: placed, ...here } = scenario.changes.find((change) => change.at === at) ?? { at };
  const set = { ...placed, ...weights };
  const hand = Object.keys(set).length ? { weights: set } : {};
  if (at > 0) return { ...scenario, changes: [...earlier, { ...here, ...settings, ...hand }] };
  // At the start no branch is needed, unless weights are set: the settings are the run's own.
  const { at: _, ...first } = here;
  return { ...scenario, ...first, ...settings, changes: weights || placed ? [{ at, ...hand }] : [] };
}

/** Return the scenario that begins again, with the settings that were in force. */
export function restarted(scenario: Scenario, iteration: number, changes: Partial<Scenario>): Scenario {
  return { ...scenario, ...settingsAt(scenario, iteration), changes: [], ...changes };
}

/** Return the same run with something else in it; weights of another network are not set in it. */
export function beside(scenario: Scenario, changes: Partial<Scenario>): Scenario {
  const rest = scenario.changes.map(({ weights: _, ...change }) => change);
  return { ...scenario, changes: "n_h" in changes ? rest : scenario.changes, ...changes };
}

/** The plane to open data with: many features are best seen along their principal axes. */
export function firstView(data: Data): View {
  return data.kind === "table" ? { kind: "projection" } : { kind: "pair", x: 0, y: 1 };
}

/** The name of a setting, for people. */
export const NAMES: Record<Exclude<keyof Scenario, "changes">, string> = {
  data: "data",
  held_out: "held out",
  n_h: "hidden units",
  activation: "activation",
  init: "initialisation",
  scale: "scale",
  seed: "seed",
  optimizer: "optimiser",
  alpha: "alpha",
  batch_size: "batch",
  l2: "L2 penalty",
};

const OPTIMIZERS: Record<string, string> = {
  descent: "gradient descent",
  momentum: "momentum",
  adam: "Adam",
};

/** Return what was changed in words: "hidden units 8, alpha 0.3". */
export function described({ weights, ...changes }: Partial<Scenario> & Pick<Change, "weights">): string {
  const parts: string[] = [];
  for (const [key, name] of Object.entries(NAMES) as [keyof typeof NAMES, string][]) {
    const value = changes[key];
    if (value === undefined) continue;
    parts.push(`${name} ${typeof value === "object" && value ? titled(value) : said(value)}`);
  }
  const count = Object.keys(weights ?? {}).length;
  if (count) parts.push(count === 1 ? "one weight set by hand" : `${count} weights set by hand`);
  return parts.join(", ");
}

const said = (value: string | number | null) =>
  value === null ? "all" : (OPTIMIZERS[value] ?? String(value));
const titled = (data: Data) => (data.kind === "points" ? "drawn by hand" : data.name);
