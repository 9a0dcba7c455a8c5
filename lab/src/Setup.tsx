/**
 * Guarantee: what is tried is set here, and the page says which change starts a run anew and which
 * branches off at the iteration shown.
 */

import { signal } from "@preact/signals";
import { DataSetup } from "./DataSetup";
import { DropZone } from "./DropZone";
import { Amount, Choice, Magnitude } from "./Fields";
import type { About, Scenario } from "./protocol";
import { described, settingsAt } from "./scenario";
import type { Props, RunProps } from "./store";

/** Which of two runs the settings are of. */
const edited = signal(0);

export function Setup({ lab }: Props) {
  const two = lab.runs.value.length > 1;
  const index = two ? edited.value : 0;
  const run = lab.runs.value[index];
  const about = lab.about.value;
  if (!run || !about) return null;
  return (
    <div class="setup" data-part="setup">
      <DataSetup lab={lab} />
      {two && (
        <div class="segments" role="group" aria-label="Settings of which run">
          {lab.runs.value.map((_, k) => (
            <button type="button" key={k} aria-pressed={index === k} onClick={() => (edited.value = k)}>
              Run {k + 1}
            </button>
          ))}
        </div>
      )}
      <NetworkSetup lab={lab} index={index} about={about} scenario={run.scenario.value} />
      <Training lab={lab} index={index} about={about} scenario={run.scenario.value} />
      <DropZone lab={lab} />
      {run.error.value && <p class="error" role="alert">{two && `Run ${index + 1}: `}{run.error.value}</p>}
    </div>
  );
}

interface PartProps extends RunProps {
  about: About;
  scenario: Scenario;
}
const plain = <T extends string>(names: readonly T[]) => names.map((name) => [name, TITLES[name] ?? name] as const);
const TITLES: Record<string, string> = {
  leaky_relu: "leaky ReLU",
  relu: "ReLU",
  gaussian: "random",
  scaled: "random, scaled",
  descent: "gradient descent",
  adam: "Adam",
};

function NetworkSetup({ lab, index, about, scenario }: PartProps) {
  const set = (changes: Partial<Scenario>) => lab.restart(changes, index);
  const scaled = scenario.init === "gaussian" || scenario.init === "constant";
  return (
    <fieldset>
      <legend>Network <span class="quiet">a change starts anew</span></legend>
      <Amount label="Hidden units" whole value={scenario.n_h} least={1} most={about.limits.n_h} set={(n_h) => set({ n_h })} />
      <Choice label="Activation" value={scenario.activation} options={plain(about.activations)} set={(activation) => set({ activation })} />
      <Choice label="Initialisation" value={scenario.init} options={plain(about.initialisations)} set={(init) => set({ init })} />
      {scaled && (
        <Magnitude
          label={scenario.init === "constant" ? "Every weight" : "Scale"}
          value={scenario.scale}
          least={0}
          most={1e6}
          from={-3}
          to={1}
          set={(scale) => set({ scale })}
        />
      )}
      <Amount label="Seed" whole value={scenario.seed} least={0} most={2 ** 31 - 1} set={(seed) => set({ seed })} />
    </fieldset>
  );
}

const BATCHES = ["all", "8", "16", "32", "64", "128", "256"] as const;

function Training({ lab, index, about, scenario }: PartProps) {
  const now = settingsAt(scenario, lab.iteration.value);
  const at = lab.iteration.value;
  const batch = String(now.batch_size ?? "all");
  const batches = BATCHES.some((each) => each === batch) ? BATCHES : [...BATCHES, batch];
  return (
    <fieldset>
      <legend>
        Training{" "}
        <span class="quiet">{at === 0 ? "from the start on" : `branches at ${at.toLocaleString("en")}`}</span>
      </legend>
      <Choice label="Optimiser" value={now.optimizer} options={plain(about.optimizers)} set={(optimizer) => lab.branch({ optimizer }, index)} />
      <Magnitude label="Learning rate α" value={now.alpha} least={1e-9} most={1e6} from={-3} to={2} set={(alpha) => lab.branch({ alpha }, index)} />
      <Choice
        label="Batch"
        value={batch}
        options={plain(batches)}
        set={(size) => lab.branch({ batch_size: size === "all" ? null : Number(size) }, index)}
      />
      <Amount label="L2 penalty" value={now.l2} least={0} most={1e6} set={(l2) => lab.branch({ l2 }, index)} />
      <Changes lab={lab} index={index} scenario={scenario} />
      <button type="button" onClick={() => lab.restart({}, index)}>Start anew with these settings</button>
    </fieldset>
  );
}

/** What was changed on the way, and the way to it. */
function Changes({ lab, scenario }: RunProps & { scenario: Scenario }) {
  if (!scenario.changes.length) return null;
  return (
    <ul class="changes" aria-label="Changes on the way">
      {scenario.changes.map(({ at, ...change }) => (
        <li key={at}>
          <button type="button" class="plain" onClick={() => void lab.go(at)}>at {at.toLocaleString("en")}</button>: {described(change)}
        </li>
      ))}
    </ul>
  );
}
