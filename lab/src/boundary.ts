/** Guarantee: the picture of A2 over the plane, its line at one half, and the examples on it. */

import { bytesOf, floatsOf, wholesOf } from "./base64";
import { classColour, css, mixed, signColour, type Rgb } from "./colours";
import type { DataSeen, Frame } from "./protocol";

const STRENGTH = 0.72; // of a class's colour where the network is sure

/** An area of the plane: least and greatest of x, of y. */
export type Bounds = DataSeen["bounds"];

/** Where a place of the plane lies on a canvas of a width and a height. */
export function placing(bounds: Bounds, width: number, height: number) {
  const [[left, right], [bottom, top]] = bounds;
  return {
    across: (x: number) => ((x - left) / (right - left || 1)) * width,
    down: (y: number) => ((top - y) / (top - bottom || 1)) * height,
    back: (across: number, down: number): [number, number] => [
      left + (across / width) * (right - left),
      top - (down / height) * (top - bottom),
    ],
  };
}

interface Sheet {
  canvas: HTMLCanvasElement;
  context: CanvasRenderingContext2D;
  image: ImageData;
}
const sheets = new Map<number, Sheet>();

/** The canvas of a size, which every picture of that size uses in turn. */
function sheetOf(size: number): Sheet | null {
  const there = sheets.get(size);
  if (there) return there;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = size;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const sheet = { canvas, context, image: context.createImageData(size, size) };
  sheets.set(size, sheet);
  return sheet;
}

/** Return a small canvas with a colour for each of size * size numbers, good until the next one. */
function painted(size: number, colour: (at: number) => Rgb): HTMLCanvasElement | null {
  const sheet = sheetOf(size);
  if (!sheet) return null;
  const { data } = sheet.image;
  for (let at = 0; at < size * size; at += 1) {
    const [r, g, b] = colour(at);
    data[4 * at] = r;
    data[4 * at + 1] = g;
    data[4 * at + 2] = b;
    data[4 * at + 3] = 255;
  }
  sheet.context.putImageData(sheet.image, 0, 0);
  return sheet.canvas;
}

/** Paint a small canvas over an area; its first and last columns stand on the area's edges. */
export function stretch(
  context: CanvasRenderingContext2D,
  image: HTMLCanvasElement,
  area: { x: number; y: number; width: number; height: number },
): void {
  const [column, row] = [area.width / (image.width - 1), area.height / (image.height - 1)];
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "low";
  context.drawImage(image, area.x - column / 2, area.y - row / 2, area.width + column, area.height + row);
}

/** The picture of A2: the colour of the class that is said, the stronger the surer. */
export function mapOf(map: NonNullable<Frame["map"]>, classes: number, paper: Rgb): HTMLCanvasElement | null {
  const [probability, said] = [bytesOf(map.probability), bytesOf(map.said)];
  const shades = shadesOf(classes, paper);
  return painted(map.size, (at) => {
    const label = said[at] ?? 0;
    return shades[label]?.[probability[at] ?? 0] ?? paper;
  });
}

/** By class and by probability, 0 to 255, the colour. */
function shadesOf(classes: number, paper: Rgb): Rgb[][] {
  const least = 1 / classes;
  return Array.from({ length: classes }, (_, label) =>
    Array.from({ length: 256 }, (_, byte) => {
      const p = byte / 255;
      const sure = classes === 2 ? Math.abs(2 * p - 1) : (p - least) / (1 - least);
      return mixed(paper, classColour(label), STRENGTH * Math.max(0, Math.min(1, sure)));
    }),
  );
}

/** The picture of a hidden unit's a1, by sign; null if the unit's is not here. */
export function unitMap(
  units: NonNullable<Frame["units"]>,
  at: number, // its place among those drawn
  paper: Rgb,
): HTMLCanvasElement | null {
  const [low, high] = [units.low[at], units.high[at]];
  if (low === undefined || high === undefined) return null;
  const count = units.size * units.size;
  const bytes = bytesOfUnits(units).subarray(at * count, (at + 1) * count);
  const most = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const shades = Array.from({ length: 256 }, (_, byte) => {
    const value = low + ((high - low) * byte) / 255;
    return mixed(paper, signColour(value), (0.85 * Math.abs(value)) / most);
  });
  return painted(units.size, (cell) => shades[bytes[cell] ?? 0] ?? paper);
}

const decoded = new WeakMap<object, Uint8Array>();
function bytesOfUnits(units: NonNullable<Frame["units"]>): Uint8Array {
  const there = decoded.get(units);
  if (there) return there;
  const bytes = bytesOf(units.activation);
  decoded.set(units, bytes);
  return bytes;
}

/** An example in the plane. */
export interface Shown {
  x: number;
  y: number;
  label: number;
  example: number; // -1 is held out
}

export function examplesOf({ shown }: DataSeen): Shown[] {
  const [x, y, label] = [floatsOf(shown.x), floatsOf(shown.y), bytesOf(shown.label)];
  return Array.from(wholesOf(shown.example), (example, at) => ({
    x: x[at] ?? 0,
    y: y[at] ?? 0,
    label: label[at] ?? 0,
    example,
  }));
}

/** Draw an example: filled if it is learned from, hollow if it is held out. */
export function dot(
  context: CanvasRenderingContext2D,
  [across, down]: [number, number],
  { label, example }: Pick<Shown, "label" | "example">,
  radius: number,
  paper: Rgb,
): void {
  const colour = css(classColour(label));
  context.beginPath();
  context.arc(across, down, radius, 0, 2 * Math.PI);
  context.fillStyle = example < 0 ? css(paper) : colour;
  context.fill();
  context.lineWidth = example < 0 ? radius / 2 : radius / 4;
  context.strokeStyle = example < 0 ? colour : css(paper);
  context.stroke();
}
