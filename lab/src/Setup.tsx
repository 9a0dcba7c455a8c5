/**
 * Guarantee: what is tried is set here, and the page says which change starts a run anew and which
 * branches off at the iteration shown.
 */

import { useSignal } from "@preact/signals";
import { DataSetup } from "./DataSetup";
import { DropZone } from "./DropZone";
import { Amount, Choice, Magnitude } from "./Fields";
import type { About, Scenario, Settings } from "./protocol";
import { described, settingsAt } from "./scenario";
import type { Props, RunProps } from "./store";

export function Setup({ lab }: Props) {
  const edited = useSignal(0); // which of two runs the settings are of
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
      {run.error.value && (
        <p class="error" role="alert">
          {two && `Run ${index + 1}: `}
          {run.error.value}
        </p>
      )}
    </div>
  );
}

interface PartProps extends RunProps {
  about: About;
  scenario: Scenario;
}
const plain = <T extends string>(names: readonly T[]) =>
  names.map((name) => [name, TITLES[name] ?? name] as const);
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
  return (
    <fieldset>
      <legend>
        Network <span class="quiet">a change starts anew</span>
      </legend>
      <Amount
        label="Hidden units"
        whole
        value={scenario.n_h}
        least={1}
        most={about.limits.n_h}
        set={(n_h) => set({ n_h })}
      />
      <Choice
        label="Activation"
        value={scenario.activation}
        options={plain(about.activations)}
        set={(activation) => set({ activation })}
      />
      <Choice
        label="Initialisation"
        value={scenario.init}
        options={plain(about.initialisations)}
        set={(init) => set({ init })}
      />
      <Start scenario={scenario} set={set} />
    </fieldset>
  );
}

/** How large the first weights are, and the seed that they are drawn from. */
function Start({ scenario, set }: { scenario: Scenario; set(changes: Partial<Scenario>): void }) {
  const { init, scale, seed } = scenario;
  const label = init === "constant" ? "Every weight" : "Scale";
  const setScale = (scale: number) => set({ scale });
  return (
    <>
      {(init === "gaussian" || init === "constant") && (
        <Magnitude label={label} value={scale} least={0} most={1e6} from={-3} to={1} set={setScale} />
      )}
      <Amount label="Seed" whole value={seed} least={0} most={2 ** 31 - 1} set={(seed) => set({ seed })} />
    </>
  );
}

const BATCHES = ["all", "8", "16", "32", "64", "128", "256"] as const;

function Training({ lab, index, about, scenario }: PartProps) {
  const at = lab.told.value;
  const now = settingsAt(scenario, at);
  const set = (changes: Partial<Settings>) => lab.branch(changes, index);
  return (
    <fieldset>
      <legend>
        Training{" "}
        <span class="quiet">{at === 0 ? "from the start on" : `branches at ${at.toLocaleString("en")}`}</span>
      </legend>
      <Choice
        label="Optimiser"
        value={now.optimizer}
        options={plain(about.optimizers)}
        set={(optimizer) => set({ optimizer })}
      />
      <Magnitude
        label="Learning rate α"
        value={now.alpha}
        least={1e-9}
        most={1e6}
        from={-3}
        to={2}
        set={(alpha) => set({ alpha })}
      />
      <Batch value={now.batch_size} set={(batch_size) => set({ batch_size })} />
      <Amount label="L2 penalty" value={now.l2} least={0} most={1e6} set={(l2) => set({ l2 })} />
      <Changes lab={lab} index={index} scenario={scenario} />
      <button type="button" onClick={() => lab.restart({}, index)}>
        Start anew with these settings
      </button>
    </fieldset>
  );
}

/** How many examples a step takes. */
function Batch({ value, set }: { value: number | null; set(value: number | null): void }) {
  const name = String(value ?? "all");
  const names = BATCHES.some((each) => each === name) ? BATCHES : [...BATCHES, name];
  return (
    <Choice
      label="Batch"
      value={name}
      options={plain(names)}
      set={(size) => set(size === "all" ? null : Number(size))}
    />
  );
}

/** What was changed on the way, and the way to it. */
function Changes({ lab, scenario }: RunProps & { scenario: Scenario }) {
  if (!scenario.changes.length) return null;
  return (
    <ul class="changes" aria-label="Changes on the way">
      {scenario.changes.map(({ at, ...change }) => (
        <li key={at}>
          <button type="button" class="plain" onClick={() => void lab.go(at)}>
            at {at.toLocaleString("en")}
          </button>
          : {described(change)}
        </li>
      ))}
    </ul>
  );
}
