/**
 * Guarantee: the derivatives of the network shown, held against derivatives that come from the cost
 * alone; asked for by a button, and gone as soon as another network is shown.
 */

import { useSignal } from "@preact/signals";
import { chosenRun } from "./Equations";
import { Sym } from "./formula";
import { Num } from "./numbers";
import { LabError, type CheckSeen, type Scenario } from "./protocol";
import type { Lab, Props, Run } from "./store";

/** What was found, and of which network. */
interface Found {
  scenario: Scenario;
  iteration: number;
  seen: CheckSeen;
}

export function Check({ lab }: Props) {
  const found = useSignal<Found | null>(null);
  const error = useSignal("");
  const busy = useSignal(false);
  const run = chosenRun(lab);
  const iteration = run?.figures.value?.iteration;
  const ask = async () => {
    if (!run || iteration === undefined) return;
    const scenario = run.scenario.peek();
    busy.value = true;
    try {
      const seen = await lab.ask("check", { scenario, iteration });
      error.value = "";
      found.value = { scenario, iteration, seen };
      lab.message.value = `${seen.right ? "The gradient is right" : "The gradient is wrong"}: ${seen.sentence}.`;
    } catch (failure) {
      error.value = failure instanceof LabError ? failure.message : "";
    }
    busy.value = false;
  };
  const now = found.value;
  const same = now && now.scenario === run?.scenario.value && now.iteration === iteration;
  return (
    <section class="check" aria-labelledby={`${lab.id}-check`} data-part="check">
      <h2 id={`${lab.id}-check`}>The gradient check</h2>
      <p>
        Change one parameter a little, and see how the cost changes. That is its derivative, without
        any of the equations. It is done in two ways: by central differences and by the complex step.
      </p>
      <button type="button" disabled={lab.playing.value || busy.value || !run} onClick={ask}>
        {busy.value ? "Checking" : `Check ${nameOf(lab, run)}at iteration ${lab.told.value}`}
      </button>
      {lab.playing.value && <span class="quiet"> Pause to check.</span>}
      {error.value && <p class="error">{error.value}</p>}
      {same && <Checked lab={lab} seen={now.seen} />}
    </section>
  );
}

function nameOf(lab: Lab, run: Run | undefined): string {
  const runs = lab.runs.value;
  return run && runs.length > 1 ? `run ${runs.indexOf(run) + 1} ` : "";
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
            <Num value={block.complex_step} /> at most from the complex step, by{" "}
            <Num value={block.difference} /> from differences. In {block.worst}, the worst:
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
