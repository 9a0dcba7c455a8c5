/** Guarantee: the cost by iteration, of every run in one picture; a click goes to an iteration. */

import { useSignal } from "@preact/signals";
import { BOTTOM, HEIGHT, LEFT, pathOf, RIGHT, scaleOf, TOP, WIDTH, type Scale } from "./costScale";
import { short } from "./numbers";
import type { Frame } from "./protocol";
import type { Props } from "./store";
import { isLit, pointing } from "./symbols";

export function CostCurve({ lab }: Props) {
  const log = useSignal(false);
  const frames = lab.runs.value.map((run) => run.figures.value);
  return (
    <section class={isLit(lab, "J", "L") ? "cost lit" : "cost"} data-part="cost" aria-labelledby={`${lab.id}-cost`}>
      <div class="head">
        <h2 id={`${lab.id}-cost`} {...pointing(lab, "J")}>
          Cost J
        </h2>
        <label class="quiet">
          <input
            type="checkbox"
            checked={log.value}
            onChange={(event) => (log.value = event.currentTarget.checked)}
          />
          logarithmic
        </label>
      </div>
      <Picture lab={lab} frames={frames} log={log.value} />
      <Legend two={frames.length > 1} heldOut={frames.some((frame) => frame?.held_out_cost != null)} />
    </section>
  );
}

interface PictureProps extends Props {
  frames: (Frame | null)[];
  log: boolean;
}

function Picture({ lab, frames, log }: PictureProps) {
  const there = frames.filter((frame) => frame !== null);
  const costs = there.flatMap(({ curve, cost }) => [...curve.cost, cost, ...curve.held_out_cost]);
  const [seen, now] = [lab.seen.value, lab.told.value];
  const last = Math.max(1, seen);
  const known = costs.filter((cost) => cost !== null);
  const scale = scaleOf(known, last, log);
  const go = (event: MouseEvent) => {
    const box = (event.currentTarget as Element).getBoundingClientRect();
    void lab.go(Math.min(last, scale.back(((event.clientX - box.left) / box.width) * WIDTH)));
  };
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={said(frames)}
      data-picture="curve"
      onClick={go}
    >
      <Grid scale={scale} />
      {frames.map((frame, k) => {
        const props = { seen, scale, log, second: k > 0 };
        return frame && <Curves key={k} frame={frame} {...props} />;
      })}
      <line class="now" x1={scale.across(now)} x2={scale.across(now)} y1={TOP} y2={HEIGHT - BOTTOM} />
    </svg>
  );
}

function Legend({ two, heldOut }: { two: boolean; heldOut: boolean }) {
  if (!two && !heldOut) return null;
  return (
    <p class="legend quiet">
      <Key name="first" /> {two ? "run 1" : "learned from"}
      {two && <Key name="second" />} {two && "run 2"}
      {heldOut && <Key name="held-out" />} {heldOut && "held out"}
    </p>
  );
}

function said(frames: (Frame | null)[]): string {
  const costs = frames.map((frame) => (frame?.cost == null ? "no finite number" : short(frame.cost)));
  return `The cost by iteration; now ${costs.join(" and ")}`;
}

function Key({ name }: { name: string }) {
  return (
    <svg class={`key ${name}`} viewBox="0 0 24 8" aria-hidden="true">
      <path d="M0 4H24" />
    </svg>
  );
}

function Grid({ scale }: { scale: Scale }) {
  return (
    <g class="grid">
      {scale.costs.map((cost) => (
        <g key={cost}>
          <line x1={LEFT} x2={WIDTH - RIGHT} y1={scale.down(cost)} y2={scale.down(cost)} />
          <text x={LEFT - 5} y={scale.down(cost) + 4} text-anchor="end">
            {short(cost)}
          </text>
        </g>
      ))}
      <text x={LEFT} y={HEIGHT - 8}>
        0
      </text>
      <text x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 8} text-anchor="middle">
        iteration
      </text>
      <text x={WIDTH - RIGHT} y={HEIGHT - 8} text-anchor="end">
        {scale.last.toLocaleString("en")}
      </text>
    </g>
  );
}

interface CurvesProps {
  frame: Frame;
  seen: number; // Shoal may be further on already than the page
  scale: Scale;
  log: boolean;
  second: boolean;
}

function Curves({ frame, seen, scale, log, second }: CurvesProps) {
  const { iteration, cost, held_out_cost } = frame.curve;
  const count = iteration.filter((each) => each <= seen).length;
  const ends = frame.iteration > (iteration[count - 1] ?? -1);
  const withEnd = <T,>(values: T[], end: T) => [...values.slice(0, count), ...(ends ? [end] : [])];
  const iterations = withEnd(iteration, frame.iteration);
  const costs = withEnd(cost, frame.cost);
  const held = withEnd(held_out_cost, frame.held_out_cost);
  const visible = frame.cost !== null && Number.isFinite(frame.cost) && (!log || frame.cost > 0);
  return (
    <g class={second ? "second" : "first"}>
      <path class="held-out" d={pathOf(scale, iterations, held, log)} />
      <path d={pathOf(scale, iterations, costs, log)} />
      {visible && <circle cx={scale.across(frame.iteration)} cy={scale.down(frame.cost)} r="4" />}
    </g>
  );
}
