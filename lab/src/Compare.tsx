/** Guarantee: a second run can be put beside the first, from the same seed, and closed again. */

import type { Scenario } from "./protocol";
import type { Props } from "./store";

interface Pair {
  name: string;
  first: Partial<Scenario>;
  second: Partial<Scenario>;
}
const PAIRS: Pair[] = [
  { name: "Zeros against random", first: { init: "zeros" }, second: { init: "gaussian", scale: 0.01 } },
  { name: "Small weights against large", first: { init: "gaussian", scale: 0.01 }, second: { init: "gaussian", scale: 3 } },
  { name: "Few units against many", first: { n_h: 2 }, second: { n_h: 20 } },
];

export function Compare({ lab }: Props) {
  const two = lab.runs.value.length > 1;
  const open = ({ first, second }: Pair) => {
    lab.restart(first);
    lab.compare(second);
  };
  return (
    <details class="menu" data-part="compare">
      <summary>Compare</summary>
      <div class="sheet">
        <p class="quiet">Two runs on the same examples, from one seed. The settings on the left are of the run that is chosen there.</p>
        {PAIRS.map((pair) => (
          <button type="button" key={pair.name} onClick={(event) => closing(event, () => open(pair))}>{pair.name}</button>
        ))}
        {two ? (
          <button type="button" onClick={(event) => closing(event, () => lab.compare(null))}>Close the second run</button>
        ) : (
          <button type="button" onClick={(event) => closing(event, () => lab.compare({}))}>The same run again, to change</button>
        )}
      </div>
    </details>
  );
}

/** Do something, and close the menu that it stands in; the focus goes back to what opened it. */
function closing(event: Event, act: () => void): void {
  const menu = (event.currentTarget as Element).closest("details");
  act();
  menu?.removeAttribute("open");
  menu?.querySelector("summary")?.focus();
}
