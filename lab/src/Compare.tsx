/** Guarantee: a second run can be put beside the first, from the same seed, and closed again. */

import { closeMenu, Menu } from "./Menu";
import type { Scenario } from "./protocol";
import type { Props } from "./store";

interface Pair {
  name: string;
  first: Partial<Scenario>;
  second: Partial<Scenario>;
}
const PAIRS: Pair[] = [
  { name: "Zeros against random", first: { init: "zeros" }, second: { init: "gaussian", scale: 0.01 } },
  {
    name: "Small weights against large",
    first: { data: { kind: "built-in", name: "xor", seed: 1 }, init: "gaussian", scale: 0.01 },
    second: { init: "gaussian", scale: 20 },
  },
  { name: "Few units against many", first: { n_h: 2 }, second: { n_h: 20 } },
];

export function Compare({ lab }: Props) {
  const two = lab.runs.value.length > 1;
  const choice = (name: string, act: () => void) => (
    <button
      type="button"
      key={name}
      onClick={(event) => {
        act();
        closeMenu(event);
      }}
    >
      {name}
    </button>
  );
  return (
    <Menu title="Compare" part="compare">
      <p class="quiet">
        Two runs on the same examples, from one seed. The settings on the left are of the run that is chosen
        there.
      </p>
      {PAIRS.map(({ name, first, second }) =>
        choice(name, () => {
          lab.restart(first);
          lab.compare(second);
        }),
      )}
      {two
        ? choice("Close the second run", () => lab.compare(null))
        : choice("The same run again, to change", () => lab.compare({}))}
    </Menu>
  );
}
