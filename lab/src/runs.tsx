/** Guarantee: what is shown of each run stands under its name, where there are two. */

import type { ComponentChildren } from "preact";
import type { Lab, Run } from "./store";

interface EachRunProps {
  lab: Lab;
  show(run: Run, index: number): ComponentChildren;
}

export function EachRun({ lab, show }: EachRunProps) {
  const runs = lab.runs.value;
  return (
    <div class={runs.length > 1 ? "each-run two" : "each-run"}>
      {runs.map((run, i) => (
        <div key={i} data-run={i + 1}>
          {runs.length > 1 && <h3>Run {i + 1}</h3>}
          {show(run, i)}
        </div>
      ))}
    </div>
  );
}
