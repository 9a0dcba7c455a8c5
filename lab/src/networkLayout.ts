/** Guarantee: where each feature, unit, output and edge of the drawn network lies. */

import type { Frame } from "./protocol";

export const WIDTH = 440;
const LEFT = 98; // of the features, with room for their names
const RIGHT = WIDTH - 92;
const LEAST_PITCH = 19;
const TILE = 0.8; // of the pitch, a unit's picture

export interface Node {
  at: number; // its place in drawn
  number: number; // of the unit, feature or output, from 0
  x: number;
  y: number;
}
export interface Edge {
  block: "W1" | "W2";
  row: number; // in drawn
  column: number;
  weight: number;
  place: number; // in theta
  from: Node;
  to: Node;
}
export interface Layout {
  height: number;
  columns: [number, number, number]; // of features, units and outputs
  tile: number; // side of a hidden unit's picture
  features: Node[];
  units: Node[];
  outputs: Node[];
  edges: Edge[];
  most: number; // largest absolute weight
}

/** Where the nodes lie. */
export function nodesOf({ drawn }: Frame): Omit<Layout, "edges" | "most"> {
  const most = Math.max(drawn.units.length, drawn.features.length, drawn.W2.length);
  const height = Math.max(300, most * LEAST_PITCH + 40);
  const column = (numbers: number[], x: number): Node[] =>
    numbers.map((number, at) => ({ at, number, x, y: 28 + ((at + 0.5) * (height - 36)) / numbers.length }));
  const features = column(drawn.features, LEFT);
  const units = column(drawn.units, (LEFT + RIGHT) / 2);
  const outputs = column(
    drawn.W2.map((_, k) => k),
    RIGHT,
  );
  const tile = Math.min(44, (TILE * (height - 36)) / Math.max(1, units.length));
  return { height, columns: [LEFT, (LEFT + RIGHT) / 2, RIGHT], tile, features, units, outputs };
}

export function layoutOf(frame: Frame): Layout {
  const [{ drawn }, nodes] = [frame, nodesOf(frame)];
  const { features, units, outputs } = nodes;
  const edges = [
    ...edgesOf("W1", drawn.W1, drawn.places.W1, features, units),
    ...edgesOf("W2", drawn.W2, drawn.places.W2, units, outputs),
  ];
  return { ...nodes, edges, most: Math.max(1e-12, ...edges.map(({ weight }) => Math.abs(weight))) };
}

function edgesOf(
  block: Edge["block"],
  weights: number[][],
  places: number[][],
  from: Node[],
  to: Node[],
): Edge[] {
  return weights.flatMap((line, row) =>
    line.flatMap((weight, column) => {
      const [a, b, place] = [from[column], to[row], places[row]?.[column]];
      return a && b && place !== undefined ? [{ block, row, column, weight, place, from: a, to: b }] : [];
    }),
  );
}

/** The name of a weight, as the course writes it, counted from 1. */
export function nameOf({ block, to, from }: Pick<Edge, "block" | "to" | "from">): string {
  return `${block}[${to.number + 1}, ${from.number + 1}]`;
}
