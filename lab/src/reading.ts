/**
 * Guarantee: what is read keeps up with what is watched: always when it stands still, and with each
 * frame that has all figures while it plays, as nobody reads faster and the pictures need the time.
 */

import { batch, effect } from "@preact/signals";
import type { Lab, Run } from "./store";

export function keepReading({ playing, runs, iteration, told }: Lab): void {
  effect(() => {
    const [at, all] = [iteration.value, runs.value];
    const whole = all.map(isWhole);
    if (playing.value && !whole.includes(true)) return;
    batch(() => {
      told.value = at;
      for (const run of all) run.figures.value = run.frame.value;
    });
  });
}

/** Whether a run's frame has figures that have not been read yet. */
function isWhole({ frame, figures }: Run): boolean {
  return frame.value !== null && frame.value.meters !== figures.peek()?.meters;
}
