/** Guarantee: the plane is drawn from the state alone: the same state, the same picture. */

import { dot, examplesOf, mapOf, placing, stretch, unitMaps, type Bounds, type Shown } from "./boundary";
import { halfLine } from "./halfLine";
import { css, dark, paperAndInk, type Rgb } from "./colours";
import { pointsOf, roomFor } from "./drawing";
import type { DataSeen, Frame } from "./protocol";
import type { Lab } from "./store";

export const SIDE = 640; // of the picture, in the units it is drawn in
const LARGEST = 1280; // pixels

/** What stands on the plane, and where it lies. */
export interface Scene {
  bounds: Bounds;
  shown: Shown[];
}

/** Of the data, or of points that are drawn and not data yet. */
export function sceneOf(lab: Lab, data: DataSeen): Scene {
  const drawn = pointsOf(lab);
  if (!drawn) return { bounds: data.bounds, shown: scenesOf(data) };
  const seen = scenesOf(data);
  // While one draws, what the pen has put is there before Shoal's answer.
  const shown = drawn.map(([x, y, label], k) => ({ x, y, label, example: k }));
  return { bounds: roomFor(data.bounds), shown: drawn.length === seen.length ? seen : shown };
}

const scenes = new WeakMap<DataSeen, Shown[]>();
function scenesOf(data: DataSeen): Shown[] {
  const there = scenes.get(data) ?? examplesOf(data);
  scenes.set(data, there);
  return there;
}

/** What of a frame the plane shows. */
export interface Picture {
  data: DataSeen;
  frame: Frame;
  unit: number | null; // its a1 instead of A2
  example: number | null;
  lit: boolean; // the examples stand out
  drawing: boolean; // the examples are not yet those of the frame
}

export function drawPlane(canvas: HTMLCanvasElement, scene: Scene, picture: Picture): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const { paper, ink } = paperAndInk(canvas);
  const pixels = Math.min(LARGEST, Math.round(canvas.clientWidth * devicePixelRatio)) || SIDE;
  if (canvas.width !== pixels) canvas.width = canvas.height = pixels;
  context.setTransform(pixels / SIDE, 0, 0, pixels / SIDE, 0, 0);
  context.fillStyle = css(paper);
  context.fillRect(0, 0, SIDE, SIDE);
  const { across, down } = placing(scene.bounds, SIDE, SIDE);
  const [[left, right], [bottom, top]] = picture.data.bounds;
  const area = {
    x: across(left),
    y: down(top),
    width: across(right) - across(left),
    height: down(bottom) - down(top),
  };
  if (!picture.drawing) drawMap(context, picture, area, paper, ink);
  context.drawImage(dotsOf(scene, picture.lit, dark.peek() ? ink : paper, pixels), 0, 0, SIDE, SIDE);
  const chosen = scene.shown.find((each) => each.example === picture.example && each.example >= 0);
  if (chosen) ring(context, across(chosen.x), down(chosen.y), ink, paper);
}

type Area = { x: number; y: number; width: number; height: number };

function drawMap(
  context: CanvasRenderingContext2D,
  { frame, data, unit }: Picture,
  area: Area,
  paper: Rgb,
  ink: Rgb,
) {
  const { map, units } = frame;
  const at = unit === null ? -1 : frame.drawn.units.indexOf(unit);
  const ofUnit = units && unitMaps(units, at, 1, paper)[0];
  const image = ofUnit ?? (map && mapOf(map, data.classes.length, paper));
  if (image) stretch(context, image, area);
  if (map && data.classes.length === 2) {
    const [column, row] = [area.width / (map.size - 1), area.height / (map.size - 1)];
    context.beginPath();
    for (const [x1, y1, x2, y2] of halfLine(map)) {
      context.moveTo(area.x + x1 * column, area.y + y1 * row);
      context.lineTo(area.x + x2 * column, area.y + y2 * row);
    }
    context.strokeStyle = css(ink);
    context.lineWidth = 2;
    context.stroke();
  }
}

function ring(context: CanvasRenderingContext2D, x: number, y: number, ink: Rgb, paper: Rgb): void {
  for (const [width, colour] of [
    [7, paper],
    [3, ink],
  ] as const) {
    context.beginPath();
    context.arc(x, y, 13, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = css(colour);
    context.stroke();
  }
}

/** All examples on a canvas of their own, kept while they stay: a picture has no time to draw them anew. */
let dots: { scene: Shown[]; key: string; canvas: HTMLCanvasElement }[] = [];
function dotsOf({ shown, bounds }: Scene, lit: boolean, light: Rgb, pixels: number): HTMLCanvasElement {
  const key = JSON.stringify([bounds, lit, light, pixels]);
  const there = dots.find((each) => each.scene === shown && each.key === key);
  if (there) return there.canvas;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = pixels;
  const context = canvas.getContext("2d");
  context?.scale(pixels / SIDE, pixels / SIDE);
  const { across, down } = placing(bounds, SIDE, SIDE);
  const radius = (lit ? 1.5 : 1) * Math.max(4, Math.min(8, 120 / Math.sqrt(shown.length || 1)));
  if (context) for (const each of shown) dot(context, [across(each.x), down(each.y)], each, radius, light);
  dots = [{ scene: shown, key, canvas }, ...dots.slice(0, 3)];
  return canvas;
}
