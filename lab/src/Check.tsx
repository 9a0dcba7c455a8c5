/**
 * Guarantee: the derivatives of the network shown, held against derivatives that come from the cost
 * alone; asked for by a button, and gone as soon as another network is shown.
 */

import { useSignal, useSignalEffect } from "@preact/signals";
import { chosenRun } from "./Equations";
import { Sym } from "./formula";
import { Num } from "./numbers";
import { LabError, type CheckSeen } from "./protocol";
import type { Lab, Props } from "./store";

export function Check({ lab }: Props) {
  const seen = useSignal<CheckSeen | null>(null);
  const error = useSignal("");
  const busy = useSignal(false);
  const run = chosenRun(lab);
  const number = lab.runs.value.findIndex((each) => each === run) + 1;
  const which = lab.runs.value.length > 1 ? `run ${number} ` : "";
  useSignalEffect(() => {
    if (chosenRun(lab)?.frame.value) seen.value = null;
  });
  const ask = async () => {
    const asked = run?.frame.peek();
    if (!run || !asked) return;
    busy.value = true;
    try {
      const found = await lab.ask("check", {
        scenario: run.scenario.peek(),
        iteration: asked.iteration,
      });
      error.value = "";
      if (run.frame.peek() === asked) seen.value = found;
      lab.message.value = `${found.right ? "The gradient is right" : "The gradient is wrong"}: ${found.sentence}.`;
    } catch (failure) {
      error.value = failure instanceof LabError ? failure.message : "";
    }
    busy.value = false;
  };
  return (
    <section class="check" aria-labelledby="check-title" data-part="check">
      <h2 id="check-title">The gradient check</h2>
      <p>
        Change one parameter a little, and see how the cost changes. That is its derivative, without
        any of the equations. It is done in two ways: by central differences and by the complex step.
      </p>
      <button type="button" disabled={lab.playing.value || busy.value || !run?.frame.value} onClick={ask}>
        {busy.value ? "Checking" : `Check ${which}at iteration ${lab.iteration.value}`}
      </button>
      {lab.playing.value && <span class="quiet"> Pause to check.</span>}
      {error.value && <p class="error">{error.value}</p>}
      {seen.value && <Checked lab={lab} seen={seen.value} />}
    </section>
  );
}

function Checked({ lab, seen }: { lab: Lab; seen: CheckSeen }) {
  return (
    <>
      <p class={seen.right ? "verdict" : "verdict wrong"}>
        <b>{seen.right ? "Right." : "Wrong."}</b> {seen.sentence}.
      </p>
      <ul class="blocks">
        {seen.blocks.map((block) => (
          <li key={block.name} class={block.right ? undefined : "wrong"} data-block={block.name}>
            <Sym lab={lab} name={block.name} /> is {block.right ? "right" : "wrong"}, off by{" "}
            <Num value={block.error} /> at most. In {block.worst}, the worst:
            <dl>
              <dt>equations</dt>
              <dd>
                <Num value={block.analytic} digits={10} />
              </dd>
              <dt>complex step</dt>
              <dd>
                <Num value={block.numeric} digits={10} />
              </dd>
            </dl>
          </li>
        ))}
      </ul>
      <p class="quiet">Off by: as a share of the greatest derivative of the block.</p>
    </>
  );
}
