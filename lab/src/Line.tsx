/** Guarantee: one line of the computation: its equation, its shape, and its numbers with their names. */

import { Formula, same } from "./formula";
import { Num } from "./numbers";
import type { EquationsSeen, Step } from "./protocol";
import { Scroll } from "./Scroll";
import type { Lab } from "./store";

type Names = EquationsSeen["names"];

interface LineProps {
  lab: Lab;
  step: Step;
  names: Names;
}

export function Line({ lab, step, names }: LineProps) {
  // "W1 :=" is the parameter after the step; "W1 * x^T" says by itself what is computed.
  const [name] = step.symbol.split(" ");
  const lit = same(lab.symbol.value, name ?? "") && !step.symbol.includes("*");
  const joint = step.equation && !step.symbol.endsWith(":=") ? " = " : " ";
  return (
    <li class={lit ? "line lit" : "line"} data-step={step.symbol}>
      <div class="equation">
        <Formula lab={lab} text={`${step.symbol}${joint}${step.equation}`} />
        <span class="quiet">
          {step.note}
          {step.axes[0] || step.axes[1] ? ` ${shape(step)}` : ""}
        </span>
      </div>
      <Values lab={lab} step={step} names={names} />
    </li>
  );
}

function shape({ shape: [rows, columns] }: Step): string {
  return `(${rows}, ${columns})`;
}

function nameOf(lab: Lab, names: Names, axis: string, i: number): string {
  if (axis === "example") return `example ${(lab.example.value ?? i) + 1}`;
  if (axis === "feature" || axis === "unit" || axis === "output") {
    return names[axis][i] ?? `${axis} ${i + 1}`;
  }
  return "";
}

/** The rest that is not shown, in words. */
function rest(step: Step): string {
  const more = (["rows", "columns"] as const).map((way, i) => {
    const [given, all] = [step[way].length, step.shape[i] ?? 0];
    return given < all ? `${given} of ${all.toLocaleString("en")} ${step.axes[i]}s` : "";
  });
  return more.filter(Boolean).join(", ");
}

function Values({ lab, step, names }: LineProps) {
  const [down, across] = step.axes;
  if (!down && !across) return <p class="values"><Num value={step.value[0]?.[0] ?? null} /></p>;
  const unit = (axis: string, i: number) =>
    axis === "unit" && lab.unit.value === i ? "chosen" : undefined;
  return (
    <Scroll label={`${step.symbol}, its numbers`}>
      <table>
        {across && (
          <thead>
            <tr>
              {down && <td />}
              {step.columns.map((i) => (
                <th scope="col" class={unit(across, i)}>{nameOf(lab, names, across, i)}</th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {step.value.map((row, r) => {
            const i = step.rows[r] ?? r;
            return (
              <tr class={unit(down, i)}>
                {down && <th scope="row">{nameOf(lab, names, down, i)}</th>}
                {row.map((value, c) => (
                  <td class={unit(across, step.columns[c] ?? c)}><Num value={value} /></td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
      {rest(step) && <p class="quiet">{rest(step)}</p>}
    </Scroll>
  );
}
