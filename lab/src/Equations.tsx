/**
 * Guarantee: the equations of one step of gradient descent, with the numbers of the network shown,
 * for one example or for all of them.
 */

import { useRef } from "preact/hooks";
import { useEntry } from "./entry";
import { useFollowed } from "./follow";
import { useInSight } from "./inSight";
import { Line } from "./Line";
import { count } from "./numbers";
import type { EquationsSeen } from "./protocol";
import { settingsAt } from "./scenario";
import type { Lab, Part, Props, Run } from "./store";

const PARTS: [Part, string][] = [
  ["forward", "1 Forward"],
  ["backward", "2 Backward"],
  ["update", "3 Update"],
  ["all", "All"],
];
const SAYS: Record<Part, string> = {
  forward: "From the features to the prediction and its cost.",
  backward: "From the cost back to each parameter: the six equations.",
  update: "Each parameter goes a step against its derivative.",
  all: "",
};

export function chosenRun(lab: Lab): Run | undefined {
  return lab.runs.value[lab.explained.value] ?? lab.runs.value[0];
}

function shownIn(wanted: Part, of: string): boolean {
  if (wanted === "all" || wanted === of) return true;
  return wanted === "forward" && of !== "backward" && of !== "update";
}

export function Equations({ lab }: Props) {
  const place = useRef<HTMLElement>(null);
  const inSight = useInSight(place);
  const followed = useFollowed(lab, "equations", () => {
    const run = chosenRun(lab);
    const frame = run?.frame.value;
    // The frame belongs to the scenario at hand: whoever changes one asks for the other.
    if (!run || !frame) return null;
    if (lab.playing.value && !inSight.value) return null; // the pictures need the time
    const example = lab.example.value;
    return { scenario: run.scenario.peek(), iteration: frame.iteration, example };
  });
  const [seen, asked] = [followed.answer.value, followed.question.value];
  const said = lab.runs.value.some((run) => run.error.value); // by the run itself
  return (
    <section class="equations" aria-labelledby={`${lab.id}-equations`} data-part="equations" ref={place} onKeyDown={(event) => byKey(lab, event)}>
      <header>
        <h2 id={`${lab.id}-equations`}>The equations</h2>
        <p class="quiet">
          One step of gradient descent{asked && `, at iteration ${asked.iteration}`}.
        </p>
      </header>
      <div class="choosing">
        <PartChoice lab={lab} />
        <ExampleChoice lab={lab} />
        <RunChoice lab={lab} />
      </div>
      <OtherStep lab={lab} />
      {followed.error.value && !said && <p class="error">{followed.error.value}</p>}
      {seen ? <Lines lab={lab} seen={seen} /> : <p class="quiet">They come with the first network.</p>}
    </section>
  );
}

/** Says where the run does not make the step that the equations show. */
function OtherStep({ lab }: { lab: Lab }) {
  const run = chosenRun(lab);
  if (!run) return null;
  const { optimizer, batch_size, l2 } = settingsAt(run.scenario.value, lab.told.value);
  if (optimizer === "descent" && batch_size === null && !l2) return null;
  return (
    <p class="quiet" data-part="other-step">
      The update shown is that of plain gradient descent. This run takes its gradient further: by the optimiser, the
      batches or the penalty that are set.
    </p>
  );
}

/** 1, 2, 3 and 0 turn to a step, while the focus is in here. */
function byKey(lab: Lab, event: KeyboardEvent) {
  const wanted = PARTS["123".indexOf(event.key)] ?? (event.key === "0" ? PARTS[3] : undefined);
  const typing = event.target instanceof HTMLInputElement && event.target.type === "number";
  if (!wanted || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  lab.part.value = wanted[0];
}

function PartChoice({ lab }: { lab: Lab }) {
  return (
    <div class="segments" role="group" aria-label="Which step is shown (keys 1, 2, 3 and 0)">
      {PARTS.map(([name, title]) => (
        <button type="button" aria-pressed={lab.part.value === name} onClick={() => (lab.part.value = name)}>
          {title}
        </button>
      ))}
    </div>
  );
}

function ExampleChoice({ lab }: { lab: Lab }) {
  const m = chosenRun(lab)?.data.value?.m ?? 0;
  const example = lab.example.value;
  const last = useRef(0);
  if (example !== null) last.current = example;
  return (
    <div class="segments" role="group" aria-label="Of which examples">
      <button
        type="button"
        aria-pressed={example === null}
        onClick={() => (lab.example.value = null)}
      >
        All {count(m, "example")}
      </button>
      <button
        type="button"
        aria-pressed={example !== null}
        onClick={() => (lab.example.value = Math.min(last.current, Math.max(0, m - 1)))}
      >
        One example
      </button>
      {example !== null && <Which lab={lab} example={example} m={m} />}
    </div>
  );
}

function Which({ lab, example, m }: { lab: Lab; example: number; m: number }) {
  const set = (number: number) => (lab.example.value = number - 1);
  const { field, refusal } = useEntry({
    label: "Example", value: example + 1, least: 1, most: m, whole: true, set,
  }); // prettier-ignore
  return (
    <>
      <label class="which">
        number <input {...field} step={1} /> of {m.toLocaleString("en")}
      </label>
      {refusal}
    </>
  );
}

function RunChoice({ lab }: { lab: Lab }) {
  const runs = lab.runs.value;
  if (runs.length < 2) return null;
  return (
    <div class="segments" role="group" aria-label="Of which run">
      {runs.map((_, i) => (
        <button type="button" aria-pressed={lab.explained.value === i} onClick={() => (lab.explained.value = i)}>
          Run {i + 1}
        </button>
      ))}
    </div>
  );
}

function Lines({ lab, seen }: { lab: Lab; seen: EquationsSeen }) {
  const steps = seen.steps.filter((step) => shownIn(lab.part.value, step.part));
  return (
    <>
      <p class="quiet">
        {SAYS[lab.part.value]} <i>m</i> = {seen.m.toLocaleString("en")}, <i>α</i> = {seen.alpha}. Point
        at a symbol, or focus it, and the drawing shows it.
      </p>
      <ol class="lines">
        {steps.map((step) => (
          <Line key={step.symbol} lab={lab} step={step} names={seen.names} />
        ))}
      </ol>
    </>
  );
}
