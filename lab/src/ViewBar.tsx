/** Guarantee: which plane of the features is looked at, and which example, can be chosen by name and number. */

import { useEntry } from "./entry";
import type { View } from "./protocol";
import type { Props } from "./store";

export function ViewBar({ lab }: Props) {
  const data = lab.runs.value[0]?.data.value;
  if (!data) return null;
  return (
    <div class="row view" data-part="view">
      {data.features.length > 2 && <Planes lab={lab} features={data.features} />}
      <Example lab={lab} m={data.m} />
      {lab.unit.value !== null && (
        <button type="button" onClick={() => (lab.unit.value = null)}>
          Unit {lab.unit.value + 1} ✕<span class="unseen"> no longer chosen: show A2</span>
        </button>
      )}
    </div>
  );
}

function Example({ lab, m }: Props & { m: number }) {
  const { field, refusal } = useEntry({
    label: "Example",
    value: lab.example.value === null ? null : lab.example.value + 1,
    least: 1,
    most: m,
    whole: true,
    set: (number) => (lab.example.value = number - 1),
    clear: () => (lab.example.value = null),
  });
  return (
    <>
      <label>
        Example <input {...field} step={1} placeholder="batch" />
      </label>
      <span class="quiet">of {m.toLocaleString("en")}; empty: the batch</span>
      {refusal}
    </>
  );
}

function Planes({ lab, features }: Props & { features: string[] }) {
  const view = lab.view.value;
  const pair = (x: number, y: number): View => ({ kind: "pair", x, y });
  return (
    <>
      <label>
        Plane{" "}
        <select
          value={view.kind}
          onChange={(event) =>
            lab.look(event.currentTarget.value === "pair" ? pair(0, 1) : { kind: "projection" })
          }
        >
          <option value="projection">principal axes</option>
          <option value="pair">two features</option>
        </select>
      </label>
      {view.kind === "pair" &&
        (["x", "y"] as const).map((axis) => (
          <label key={axis}>
            <span class="unseen">Feature along </span>
            {axis}{" "}
            <select
              value={view[axis]}
              onChange={(event) => lab.look({ ...view, [axis]: Number(event.currentTarget.value) })}
            >
              {features.map((name, k) => (
                <option key={name} value={k}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        ))}
    </>
  );
}
