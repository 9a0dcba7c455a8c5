/**
 * Guarantee: the decision boundary in the plane that is looked at, with the examples on it; an
 * example can be chosen, and points drawn, with mouse, touch or keys.
 */

import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { placing } from "./boundary";
import { classColour, css, dark } from "./colours";
import { draw, pointsOf } from "./drawing";
import { short } from "./numbers";
import { drawPlane, SIDE, sceneOf, type Scene } from "./planePicture";
import type { DataSeen } from "./protocol";
import type { Point, RunProps, Tool } from "./store";
import { isLit } from "./symbols";

const REACH = 24; // canvas pixels within which a click finds an example
const SPACING = 22; // canvas pixels between points of one stroke

export function Plane({ lab, index }: RunProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scene = useRef<Scene | null>(null);
  const last = useRef<Place | null>(null);
  useSignalEffect(() => {
    const run = lab.runs.value[index];
    const [data, frame] = [run?.data.value, run?.frame.value];
    dark.value; // other colours are another picture
    const lit = isLit(lab, "X", "Y");
    if (!data || !frame || !canvas.current) return;
    scene.current = sceneOf(lab, data);
    const [unit, example, drawing] = [lab.unit.value, lab.example.value, lab.waiting.value !== null];
    const picture = { data, frame, unit, example, lit, drawing };
    drawPlane(canvas.current, scene.current, picture);
  });
  const data = lab.runs.value[index]?.data.value;
  const unit = lab.unit.value;
  return (
    <figure class={isLit(lab, "A2", "Z2") ? "plane lit" : "plane"} data-part="plane" data-run={index + 1}>
      <div class="square" data-picture="plane">
        <canvas
          ref={canvas}
          width={SIDE}
          height={SIDE}
          role="img"
          aria-label={data ? saidOf(data, unit) : "The plane of the features"}
          {...pen({ lab, index }, scene, last)}
        />
        {data && <Axes bounds={sceneOf(lab, data).bounds} names={data.axes} />}
      </div>
      {data && <Legend data={data} unit={unit} />}
    </figure>
  );
}

function saidOf(data: DataSeen, unit: number | null): string {
  const what = unit === null ? "What the network says" : `What hidden unit ${unit + 1} computes`;
  const [x, y] = data.axes;
  return `${what} over ${x}${y ? ` and ${y}` : ""}, with ${data.m + data.m_held_out} examples of ${data.classes.length} classes`;
}

function Axes({
  bounds: [[left, right], [bottom, top]],
  names,
}: {
  bounds: DataSeen["bounds"];
  names: [string, string];
}) {
  return (
    <>
      <div class="axis across">
        <span>{short(round(left))}</span>
        <b>{names[0]}</b>
        <span>{short(round(right))}</span>
      </div>
      <div class="axis up">
        <span>{short(round(top))}</span>
        <b>{names[1]}</b>
        <span>{short(round(bottom))}</span>
      </div>
    </>
  );
}
const round = (value: number) => Number(value.toPrecision(2));

const SHADES = {
  two: "shade: A2, how sure; line: one half",
  more: "shade: the likeliest class, and how sure",
};

function Legend({ data, unit }: { data: DataSeen; unit: number | null }) {
  return (
    <figcaption class="legend">
      {data.classes.map((name, label) => (
        <span key={name}>
          <i class="dot" style={{ background: css(classColour(label)) }} /> {name}
        </span>
      ))}
      {data.m_held_out > 0 && (
        <span>
          <i class="dot hollow" /> held out
        </span>
      )}
      <span class="quiet">
        {unit === null
          ? SHADES[data.classes.length === 2 ? "two" : "more"]
          : `shade: a1 of unit ${unit + 1}, by sign`}
      </span>
    </figcaption>
  );
}

type Place = [number, number]; // in canvas pixels

/** What pointers do on the plane: choose the nearest example, or draw; `last` is the pen's place. */
function pen({ lab, index }: RunProps, scene: { current: Scene | null }, last: { current: Place | null }) {
  const drawn = () => (index === 0 && lab.tool.peek() !== "choose" ? pointsOf(lab) : null);
  const put = (place: Place, points: Point[]) => {
    if (!scene.current || (last.current && distance(last.current, place) < SPACING)) return;
    last.current = place;
    lab.waiting.value = changed(points, scene.current, place, lab.tool.peek());
  };
  return {
    class: pointsOf(lab) && lab.tool.value !== "choose" ? "drawing" : undefined,
    onPointerDown(event: PointerEvent) {
      const points = drawn();
      if (!points) return choose(lab, scene.current, placeOf(event));
      (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
      put(placeOf(event), points);
    },
    onPointerMove(event: PointerEvent) {
      const points = drawn();
      if (last.current && points) put(placeOf(event), points);
    },
    onPointerUp() {
      if (last.current && lab.waiting.peek()) draw(lab, lab.waiting.peek() ?? []);
      last.current = null;
    },
  };
}

/** The points with one more, or with the nearest one less. */
function changed(points: Point[], scene: Scene, place: Place, tool: Tool): Point[] {
  if (typeof tool !== "number") {
    const gone = nearest(
      scene,
      points.map(([x, y]) => ({ x, y })),
      place,
    );
    return points.filter((_, k) => k !== gone);
  }
  const [x, y] = placing(scene.bounds, SIDE, SIDE).back(...place);
  return [...points, [Math.round(x * 1000) / 1000, Math.round(y * 1000) / 1000, tool]];
}

function placeOf(event: PointerEvent): Place {
  const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
  return [((event.clientX - box.left) / box.width) * SIDE, ((event.clientY - box.top) / box.height) * SIDE];
}

function choose(lab: RunProps["lab"], scene: Scene | null, place: Place): void {
  const found = scene && nearest(scene, scene.shown, place);
  const example = found === null ? null : (scene?.shown[found]?.example ?? null);
  lab.example.value = example === lab.example.peek() || example === -1 ? null : example;
}

/** Which of some points lies nearest to a place, within reach. */
function nearest({ bounds }: Scene, points: { x: number; y: number }[], place: Place): number | null {
  const { across, down } = placing(bounds, SIDE, SIDE);
  let [best, found]: [number, number | null] = [REACH, null];
  points.forEach(({ x, y }, k) => {
    const far = distance([across(x), down(y)], place);
    if (far < best) [best, found] = [far, k];
  });
  return found;
}

const distance = (a: Place, b: Place) => Math.hypot(a[0] - b[0], a[1] - b[1]);
