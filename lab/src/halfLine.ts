/** Guarantee: the line where two classes are equally likely, as Shoal's map has it. */

import { bytesOf } from "./base64";
import type { Frame } from "./protocol";

/** The line where two classes are equally likely, in columns and rows of the map. */
export function halfLine(map: NonNullable<Frame["map"]>): [number, number, number, number][] {
  const { size } = map;
  const values = steady(bytesOf(map.probability), size);
  const segments: [number, number, number, number][] = [];
  for (let row = 0; row + 1 < size; row += 1)
    for (let column = 0; column + 1 < size; column += 1) {
      const corners = cornersOf(values, row * size + column, size);
      if (!corners) continue;
      const ends = crossings(corners).map(([x, y]) => [column + x, row + y] as const);
      for (let k = 0; k + 1 < ends.length; k += 2) {
        const [from, to] = [ends[k], ends[k + 1]];
        if (from && to) segments.push([...from, ...to]);
      }
    }
  return segments;
}

const HALF = 127.5;

/** The values at a cell's corners, from one half on and in turn; null where no line crosses it. */
function cornersOf(values: Float32Array, at: number, size: number): number[] | null {
  const a = (values[at] ?? 0) - HALF;
  const b = (values[at + 1] ?? 0) - HALF;
  const c = (values[at + size + 1] ?? 0) - HALF;
  const d = (values[at + size] ?? 0) - HALF;
  const below = Number(a < 0) + Number(b < 0) + Number(c < 0) + Number(d < 0);
  return below === 0 || below === 4 ? null : [a, b, c, d];
}

const CORNERS = [
  [0, 0],
  [1, 0],
  [1, 1],
  [0, 1],
] as const;

/** Where a line crosses the sides of a cell, by the values at its corners, in turn. */
function crossings(values: number[]): [number, number][] {
  const found: [number, number][] = [];
  for (let side = 0; side < 4; side += 1) {
    const [a, b] = [values[side] ?? 0, values[(side + 1) % 4] ?? 0];
    const [from, to] = [CORNERS[side], CORNERS[(side + 1) % 4]];
    if (a < 0 === b < 0 || !from || !to) continue;
    const share = a / (a - b);
    found.push([from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])]);
  }
  return found;
}

const STEEP = 200; // steps from the least to the greatest value, of 255

/** A map as its means: rounded to whole steps or to two values, its line would be a staircase. */
function steady(bytes: Uint8Array, size: number): Float32Array {
  let [least, most] = [255, 0];
  for (const byte of bytes) [least, most] = [Math.min(least, byte), Math.max(most, byte)];
  const widest = most - least > STEEP ? 1 : 3; // columns and rows, each way
  let values: Float32Array = Float32Array.from(bytes);
  for (const step of [1, size, 1, size]) values = meansAlong(values, size, step, widest);
  return values;
}

/** Means of the neighbours along rows (a step of 1) or columns (a step of `size`). */
function meansAlong(values: ArrayLike<number>, size: number, step: number, widest: number): Float32Array {
  const means = new Float32Array(values.length);
  for (let at = 0; at < values.length; at += 1) {
    const place = step === 1 ? at % size : Math.floor(at / size);
    const reach = Math.min(widest, place, size - 1 - place);
    let sum = 0;
    for (let by = -reach; by <= reach; by += 1) sum += values[at + by * step] ?? 0;
    means[at] = sum / (2 * reach + 1);
  }
  return means;
}
