/** Guarantee: the line where two classes are equally likely, as Shoal's map has it. */

import { bytesOf } from "./base64";
import type { Frame } from "./protocol";

/** The line where two classes are equally likely, in columns and rows of the map. */
export function halfLine(map: NonNullable<Frame["map"]>): [number, number, number, number][] {
  const values = steady(bytesOf(map.probability), map.size);
  const half = 127.5;
  const segments: [number, number, number, number][] = [];
  for (let row = 0; row + 1 < map.size; row += 1)
    for (let column = 0; column + 1 < map.size; column += 1) {
      const at = (x: number, y: number) => (values[(row + y) * map.size + column + x] ?? 0) - half;
      const corners = [at(0, 0), at(1, 0), at(1, 1), at(0, 1)];
      const ends = crossings(corners).map(([x, y]) => [column + x, row + y] as const);
      for (let k = 0; k + 1 < ends.length; k += 2) {
        const [from, to] = [ends[k], ends[k + 1]];
        if (from && to) segments.push([...from, ...to]);
      }
    }
  return segments;
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
function steady(bytes: Uint8Array, size: number): ArrayLike<number> {
  let [least, most] = [255, 0];
  for (const byte of bytes) [least, most] = [Math.min(least, byte), Math.max(most, byte)];
  const widest = most - least > STEEP ? 1 : 3; // columns and rows, each way
  const along = (values: ArrayLike<number>, step: number) =>
    Float32Array.from(values, (_, at) => {
      const place = step === 1 ? at % size : Math.floor(at / size);
      const reach = Math.min(widest, place, size - 1 - place);
      let sum = 0;
      for (let by = -reach; by <= reach; by += 1) sum += values[at + by * step] ?? 0;
      return sum / (2 * reach + 1);
    });
  return [1, size, 1, size].reduce<ArrayLike<number>>(along, bytes);
}
