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
  pixels: Uint32Array; // of the image
}
const sheets = new Map<string, Sheet>();

/** The canvas of a size, which every picture of that size uses in turn. */
function sheetOf(width: number, height: number): Sheet | null {
  const key = `${width} ${height}`;
  const there = sheets.get(key);
  if (there) return there;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) return null;
  const image = context.createImageData(width, height);
  const sheet = { canvas, context, image, pixels: new Uint32Array(image.data.buffer) };
  sheets.set(key, sheet);
  return sheet;
}

/** A square part of a small canvas, good until the next picture of that canvas is painted. */
export interface Tile {
  canvas: HTMLCanvasElement;
  top: number; // row of the canvas
}

/** Paint a tile over an area; its first and last columns and rows stand on the area's edges. */
export function stretch(
  context: CanvasRenderingContext2D,
  { canvas, top }: Tile,
  area: { x: number; y: number; width: number; height: number },
): void {
  const size = canvas.width;
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "low";
  const { x, y, width, height } = area;
  context.drawImage(canvas, 0.5, top + 0.5, size - 1, size - 1, x, y, width, height);
}

/** A colour as an image keeps it. */
const pixel = ([r, g, b]: Rgb) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

/** The picture of A2: the colour of the class that is said, the stronger the surer. */
export function mapOf(map: NonNullable<Frame["map"]>, classes: number, paper: Rgb): Tile | null {
  const sheet = sheetOf(map.size, map.size);
  if (!sheet) return null;
  const [probability, said] = [bytesOf(map.probability), bytesOf(map.said)];
  const shades = shadesOf(classes, paper);
  for (let at = 0; at < said.length; at += 1)
    sheet.pixels[at] = shades[256 * (said[at] ?? 0) + (probability[at] ?? 0)] ?? 0;
  sheet.context.putImageData(sheet.image, 0, 0);
  return { canvas: sheet.canvas, top: 0 };
}

const palettes = new Map<string, Uint32Array>();
function palette(key: string, length: number, colour: (at: number) => Rgb): Uint32Array {
  const there = palettes.get(key) ?? Uint32Array.from({ length }, (_, at) => pixel(colour(at)));
  palettes.set(key, there);
  return there;
}

/** By class and by probability, 0 to 255, the colour. */
function shadesOf(classes: number, paper: Rgb): Uint32Array {
  const least = 1 / classes;
  return palette(`${classes} ${paper}`, 256 * classes, (at) => {
    const p = (at % 256) / 255;
    const sure = classes === 2 ? Math.abs(2 * p - 1) : (p - least) / (1 - least);
    return mixed(paper, classColour(Math.floor(at / 256)), STRENGTH * Math.max(0, Math.min(1, sure)));
  });
}

/** By a share of the greatest a1, -255 to 255 and moved up by 255, the colour. */
function signsOf(paper: Rgb): Uint32Array {
  return palette(`signs ${paper}`, 511, (at) =>
    mixed(paper, signColour(at - 255), (0.85 * Math.abs(at - 255)) / 255),
  );
}

/** The pictures of hidden units' a1, by sign: of `count` of those drawn, from one on. */
export function unitMaps(
  { size, activation, low, high }: NonNullable<Frame["units"]>,
  first: number,
  count: number,
  paper: Rgb,
): Tile[] {
  const sheet = first < 0 ? null : sheetOf(size, size * count);
  if (!sheet) return [];
  const [cells, signs, bytes] = [size * size, signsOf(paper), bytesOf(activation)];
  const shades = new Uint32Array(256);
  for (let at = 0; at < count; at += 1) {
    const [from, to] = [low[first + at] ?? 0, high[first + at] ?? 0];
    const most = Math.max(Math.abs(from), Math.abs(to)) || 1;
    for (let byte = 0; byte < 256; byte += 1)
      shades[byte] = signs[255 + Math.round((255 * (from + ((to - from) * byte) / 255)) / most)] ?? 0;
    const offset = (first + at) * cells;
    for (let cell = 0; cell < cells; cell += 1)
      sheet.pixels[at * cells + cell] = shades[bytes[offset + cell] ?? 0] ?? 0;
  }
  sheet.context.putImageData(sheet.image, 0, 0);
  return Array.from({ length: count }, (_, at) => ({ canvas: sheet.canvas, top: at * size }));
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

/** Draw an example: filled if it is learned from, hollow if it is held out; light parts it from its ground. */
export function dot(
  context: CanvasRenderingContext2D,
  [across, down]: [number, number],
  { label, example }: Pick<Shown, "label" | "example">,
  radius: number,
  light: Rgb,
): void {
  const colour = css(classColour(label));
  context.beginPath();
  context.arc(across, down, radius, 0, 2 * Math.PI);
  context.fillStyle = example < 0 ? css(light) : colour;
  context.fill();
  context.lineWidth = example < 0 ? radius / 2 : radius / 4;
  context.strokeStyle = example < 0 ? colour : css(light);
  context.stroke();
}
