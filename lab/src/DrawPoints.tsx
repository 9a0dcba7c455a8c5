/** Guarantee: points can be drawn by hand with the keyboard too. */

import { useSignal, type Signal } from "@preact/signals";
import { classColour, css } from "./colours";
import { draw, LEAST, pointsOf } from "./drawing";
import { count } from "./numbers";
import type { Props, Tool } from "./store";

const TOOLS: [Tool, string][] = [
  [0, "Class 0"],
  [1, "Class 1"],
  ["erase", "Erase"],
  ["choose", "Choose"],
];

export function DrawPoints({ lab }: Props) {
  const points = pointsOf(lab);
  if (!points) return null;
  return (
    <div class="draw" data-part="draw">
      <fieldset class="choices">
        <legend>Click or drag in the plane</legend>
        {TOOLS.map(([each, name]) => (
          <label key={name}>
            <input
              type="radio"
              name={`${lab.id}-tool`}
              checked={lab.tool.value === each}
              onChange={() => (lab.tool.value = each)}
            />
            {typeof each === "number" && <i class="dot" style={{ background: css(classColour(each)) }} />}
            {name}
          </label>
        ))}
      </fieldset>
      <ByKeys lab={lab} />
      <div class="row">
        <button type="button" disabled={!points.length} onClick={() => draw(lab, points.slice(0, -1))}>
          Take the last one back
        </button>
        <button type="button" disabled={!points.length} onClick={() => draw(lab, [])}>
          Clear
        </button>
        <span class="quiet" role="status">
          {count(points.length, "point")}
          {lab.waiting.value && (points.length < LEAST ? ": put some more" : ": put one of the other class too")}
        </span>
      </div>
    </div>
  );
}

function ByKeys({ lab }: Props) {
  const [x, y, label] = [useSignal("0"), useSignal("0"), useSignal(0)];
  const add = (event: Event) => {
    event.preventDefault();
    const [x1, x2] = [Number(x.value), Number(y.value)];
    if (Number.isFinite(x1) && Number.isFinite(x2))
      draw(lab, [...(pointsOf(lab) ?? []), [x1, x2, label.value]]);
  };
  return (
    <form class="row" onSubmit={add} aria-label="Put a point by its numbers">
      <Coordinate name="x1" value={x} />
      <Coordinate name="x2" value={y} />
      <label>
        class{" "}
        <select value={label} onChange={(e) => (label.value = Number(e.currentTarget.value))}>
          <option>0</option>
          <option>1</option>
        </select>
      </label>
      <button>Put point</button>
    </form>
  );
}

function Coordinate({ name, value }: { name: string; value: Signal<string> }) {
  return (
    <label>
      {name}{" "}
      <input
        type="number"
        step="any"
        min={-1e6}
        max={1e6}
        required
        value={value}
        onInput={(event) => (value.value = event.currentTarget.value)}
      />
    </label>
  );
}
