/** Guarantee: the cost and the accuracy of every run, on what it learned from and on what it has not seen. */

import { count, Num } from "./numbers";
import type { Frame } from "./protocol";
import type { Props, Run } from "./store";

export function Metrics({ lab }: Props) {
  const runs = lab.runs.value;
  const heldOut = runs.some((run) => run.data.value?.m_held_out);
  const parts: Part[] = heldOut ? ["learned", "held_out"] : ["learned"];
  return (
    <section class="metrics" data-part="metrics" aria-labelledby={`${lab.id}-metrics`}>
      <h2 id={`${lab.id}-metrics`}>Measures</h2>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">cost J</th>
            <th scope="col">accuracy</th>
          </tr>
        </thead>
        <tbody>
          {runs.flatMap((run, k) => {
            const name = runs.length > 1 ? `Run ${k + 1}, ` : "";
            return parts.map((part) => <Row key={`${k} ${part}`} run={run} part={part} name={name} />);
          })}
        </tbody>
      </table>
      {runs.map(
        (run, k) =>
          run.figures.value?.ended && (
            <p class="ended" key={k}>
              {runs.length > 1 && `Run ${k + 1}: `}
              {run.figures.value.ended}
            </p>
          ),
      )}
    </section>
  );
}

type Part = "learned" | "held_out";

function Row({ run, part, name }: { run: Run; part: Part; name: string }) {
  const [frame, data] = [run.figures.value, run.data.value];
  const learned = part === "learned";
  const m = (learned ? data?.m : data?.m_held_out) ?? 0;
  return (
    <tr data-measures={part}>
      <th scope="row">
        {name}
        {learned ? "learned from" : "held out"} {!name && <span class="quiet">({count(m, "example")})</span>}
      </th>
      <td>{frame && <Num value={costOf(frame, learned)} />}</td>
      <td>{frame && <Num value={learned ? frame.accuracy : frame.held_out_accuracy} />}</td>
    </tr>
  );
}

const costOf = (frame: Frame, learned: boolean) => (learned ? frame.cost : frame.held_out_cost);
