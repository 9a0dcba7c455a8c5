/** Guarantee: what is shown of each run stands under its name, where there are two. */

import type { ComponentChildren } from "preact";
import type { Lab, Run } from "./store";

const numbers = new WeakMap<Run, number>();
let last = 0;

/** Another run in the same place is another run: nothing that was said of the first stays. */
function keyOf(run: Run): number {
  const key = numbers.get(run) ?? ++last;
  numbers.set(run, key);
  return key;
}

interface EachRunProps {
  lab: Lab;
  show(run: Run, index: number): ComponentChildren;
}

export function EachRun({ lab, show }: EachRunProps) {
  const runs = lab.runs.value;
  return (
    <div class={runs.length > 1 ? "each-run two" : "each-run"}>
      {runs.map((run, i) => (
        <div key={keyOf(run)} data-run={i + 1}>
          {runs.length > 1 && <h3>Run {i + 1}</h3>}
          {show(run, i)}
        </div>
      ))}
    </div>
  );
}
