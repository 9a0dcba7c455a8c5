/**
 * Guarantee: the network is drawn with its weights; each hidden unit's picture is its node; what is
 * pointed at here lights up in the equations, and the other way round.
 */

import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { stretch, unitMaps } from "./boundary";
import { css, dark, paperAndInk, signColour } from "./colours";
import { layoutOf, nameOf, nodesOf, WIDTH, type Edge, type Layout, type Node } from "./networkLayout";
import type { Frame } from "./protocol";
import type { Props, RunProps } from "./store";
import { focusing, isLit, pointing } from "./symbols";
import { WeightForm } from "./WeightForm";

export function NetworkView({ lab, index }: RunProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const chosen = useSignal<number | null>(null); // the place of a weight in theta
  useSignalEffect(() => {
    const frame = lab.runs.value[index]?.frame.value;
    dark.value; // other colours are another picture
    if (frame && canvas.current) drawUnits(canvas.current, frame);
  });
  const run = lab.runs.value[index];
  const frame = run?.figures.value;
  if (!run || !frame) return <div class="network empty" data-part="network" />;
  const layout = layoutOf(frame);
  const [n_h, n_x] = [run.scenario.value.n_h, run.data.value?.features.length ?? 0];
  const left = [
    someOf(layout.units.length, n_h, "units"),
    someOf(layout.features.length, n_x, "features"),
  ].filter(Boolean);
  return (
    <div class="network" data-part="network" data-run={index + 1}>
      <div class="drawing" data-picture="network">
        <svg viewBox={`0 0 ${WIDTH} ${layout.height}`} role="group" aria-label="The network">
          <Titles columns={layout.columns} />
          <Edges lab={lab} layout={layout} chosen={chosen} />
          <Features lab={lab} layout={layout} names={run.data.value?.features ?? []} />
          <Units lab={lab} layout={layout} />
          <Outputs lab={lab} layout={layout} classes={run.data.value?.classes ?? []} />
        </svg>
        <canvas ref={canvas} aria-hidden="true" />
      </div>
      <p class="quiet">
        {left.length > 0 && `Drawn: ${left.join(" and ")}, those with the largest weights. `}Width: how large
        a weight is. Orange: positive; blue, dashed: negative. Click one to set it.
      </p>
      <WeightForm lab={lab} index={index} layout={layout} chosen={chosen} />
    </div>
  );
}

const someOf = (drawn: number, all: number, what: string) =>
  drawn < all ? `${drawn} of ${all} ${what}` : "";

/** Paint each hidden unit's picture into its node, on a canvas as wide as a node. */
function drawUnits(canvas: HTMLCanvasElement, frame: Frame): void {
  const { tile, height, units, columns } = nodesOf(frame);
  const context = canvas.getContext("2d");
  if (!context || !frame.units) return;
  const sharp = (canvas.parentElement?.clientWidth || WIDTH) / WIDTH * devicePixelRatio;
  const [wide, tall] = [Math.round(tile * sharp), Math.round(height * sharp)];
  if (canvas.width !== wide || canvas.height !== tall) [canvas.width, canvas.height] = [wide, tall];
  canvas.style.left = `${(100 * (columns[1] - tile / 2)) / WIDTH}%`;
  canvas.style.width = `${(100 * tile) / WIDTH}%`;
  const { paper } = paperAndInk(canvas);
  context.setTransform(wide / tile, 0, 0, tall / height, 0, 0);
  context.clearRect(0, 0, tile, height);
  unitMaps(frame.units, 0, units.length, paper).forEach((image, at) => {
    const y = (units[at]?.y ?? 0) - tile / 2;
    stretch(context, image, { x: 0, y, width: tile, height: tile });
  });
}

function Titles({ columns }: Pick<Layout, "columns">) {
  return (
    <g class="titles" aria-hidden="true">
      {columns.map((x, layer) => (
        <text key={layer} x={x} y="14" text-anchor="middle">
          {layer ? "a" : "x"}
          {layer > 0 && (
            <tspan dy="-4" class="up">
              [{layer}]
            </tspan>
          )}
        </text>
      ))}
    </g>
  );
}

interface LayerProps extends Props {
  layout: Layout;
}

function Edges({ lab, layout, chosen }: LayerProps & { chosen: Signal<number | null> }) {
  const unit = lab.unit.value;
  const reach = layout.tile / 2;
  return (
    <g class="edges">
      {layout.edges.map((edge) => {
        const { place, block, weight, from, to } = edge;
        const ofUnit = unit !== null && (block === "W1" ? to : from).number === unit;
        const lit = isLit(lab, block) || ofUnit || chosen.value === place;
        const [x1, x2] = block === "W1" ? [from.x + 7, to.x - reach] : [from.x + reach, to.x - 9];
        const ends = { x1, y1: from.y, x2, y2: to.y };
        return (
          <g key={place} class={edgeClass(lit, unit !== null && !ofUnit)} data-edge={nameOf(edge)}>
            <line
              {...ends}
              style={{ stroke: weight ? css(signColour(weight)) : "var(--edge)" }}
              stroke-width={0.6 + (5 * Math.abs(weight)) / layout.most}
              stroke-dasharray={weight < 0 ? "5 3" : undefined}
            />
            <line {...ends} class="reach" onClick={() => (chosen.value = place)} {...pointing(lab, block)}>
              <title>{said(edge)}</title>
            </line>
          </g>
        );
      })}
    </g>
  );
}
const edgeClass = (lit: boolean, faint: boolean) => (lit ? "lit" : faint ? "faint" : undefined);
const said = (edge: Edge) => `${nameOf(edge)} = ${edge.weight}`;

function Features({ lab, layout, names }: LayerProps & { names: string[] }) {
  return (
    <g class={isLit(lab, "X") ? "features lit" : "features"}>
      {layout.features.map(({ number, x, y }) => (
        <g key={number} {...pointing(lab, "X")}>
          <circle cx={x} cy={y} r="6" />
          <text x={x - 12} y={y + 4} text-anchor="end">
            {cut(names[number] ?? "")}
          </text>
          <title>{names[number]}</title>
        </g>
      ))}
    </g>
  );
}

function Outputs({ lab, layout, classes }: LayerProps & { classes: string[] }) {
  return (
    <g class={isLit(lab, "A2", "Z2", "b2") ? "outputs lit" : "outputs"}>
      {layout.outputs.map(({ number, x, y }) => {
        const name = layout.outputs.length === 1 ? classes[1] : classes[number];
        return (
          <g key={number} {...pointing(lab, "A2")}>
            <circle cx={x} cy={y} r="8" />
            <text x={x + 13} y={y + 4}>
              {cut(name ?? "")}
            </text>
            <title>The probability of {name}</title>
          </g>
        );
      })}
    </g>
  );
}
const cut = (name: string) => (name.length > 11 ? `${name.slice(0, 10)}…` : name);

/** The nodes of the hidden units: one stop of the Tab key, up and down go through them. */
function Units({ lab, layout }: LayerProps) {
  const current = layout.units.find(({ number }) => number === lab.unit.value) ?? layout.units[0];
  const side = layout.tile + 3;
  return (
    <g
      class={isLit(lab, "A1", "Z1", "b1") ? "units lit" : "units"}
      role="radiogroup"
      aria-label="Choose a hidden unit"
    >
      {layout.units.map((node) => (
        <g
          key={node.number}
          role="radio"
          tabindex={node === current ? 0 : -1}
          aria-checked={lab.unit.value === node.number}
          aria-label={`Hidden unit ${node.number + 1}`}
          class={lab.unit.value === node.number ? "unit chosen" : "unit"}
          data-unit={node.number + 1}
          onKeyDown={(event) => keyed(lab, layout, node, event)}
          onClick={() => toggle(lab, node.number)}
          {...pointing(lab, "A1")}
          {...focusing(lab, "A1")}
        >
          <rect x={node.x - side / 2} y={node.y - side / 2} width={side} height={side} rx="2" />
          {layout.tile >= 24 && (
            <text x={node.x + side / 2 + 4} y={node.y - side / 2 + 8}>
              {node.number + 1}
            </text>
          )}
          <title>Hidden unit {node.number + 1}</title>
        </g>
      ))}
    </g>
  );
}

function toggle(lab: Props["lab"], unit: number): void {
  lab.unit.value = lab.unit.peek() === unit ? null : unit;
}

function keyed(lab: Props["lab"], { units }: Layout, node: Node, event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const next = by && units[(node.at + by + units.length) % units.length];
  if (next) {
    lab.unit.value = next.number;
    const all = (event.currentTarget as Element).parentElement?.children;
    (all?.[next.at] as SVGElement | undefined)?.focus();
  } else if (event.key === "Enter" || event.key === " ") {
    toggle(lab, node.number);
  } else if (event.key === "Escape") {
    lab.unit.value = null;
  } else {
    return;
  }
  event.preventDefault();
  event.stopPropagation();
}
