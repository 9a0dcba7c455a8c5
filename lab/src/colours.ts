/**
 * Guarantee: a class, a sign and the paper have the same colours everywhere, told apart with any
 * colour vision (Okabe and Ito, 2008).
 *
 * Canvases read the colours of the paper from the style sheet, so that light and dark are set there.
 */

import { signal } from "@preact/signals";

export type Rgb = readonly [number, number, number];

const CLASSES: Rgb[] = [
  [0, 114, 178], // blue
  [213, 94, 0], // orange
  [0, 158, 115], // green
  [204, 121, 167], // pink
  [240, 228, 66], // yellow
  [86, 180, 233], // sky
  [230, 159, 0], // amber
  [110, 110, 110],
];

/** The colour of a class; from the ninth on they come again, and the name tells. */
export const classColour = (label: number): Rgb => CLASSES[label % CLASSES.length] ?? [0, 0, 0];
export const css = ([r, g, b]: Rgb) => `rgb(${r} ${g} ${b})`;
/** What is positive has the colour of class 1, towards which it pushes; what is negative, of class 0. */
export const signColour = (value: number): Rgb => classColour(value < 0 ? 0 : 1);

/** Return the colour that lies a share of the way from one to another. */
export function mixed(from: Rgb, to: Rgb, share: number): Rgb {
  const at = (k: 0 | 1 | 2) => Math.round(from[k] + (to[k] - from[k]) * share);
  return [at(0), at(1), at(2)];
}

const darkness = typeof matchMedia === "undefined" ? null : matchMedia("(prefers-color-scheme: dark)");
/** Whether the page is dark; what is drawn on a canvas depends on it. */
export const dark = signal(darkness?.matches ?? false);
darkness?.addEventListener("change", (event) => (dark.value = event.matches));

/** The colours of paper and ink, as the style sheet gives them to an element. */
export function paperAndInk(element: Element): { paper: Rgb; ink: Rgb } {
  const style = getComputedStyle(element);
  const read = (name: string, otherwise: Rgb): Rgb => {
    const digits = /^\s*#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i.exec(style.getPropertyValue(name));
    const [r, g, b] = (digits ?? []).slice(1).map((two) => parseInt(two, 16));
    return r === undefined || g === undefined || b === undefined ? otherwise : [r, g, b];
  };
  return { paper: read("--paper", [255, 255, 255]), ink: read("--ink", [20, 20, 20]) };
}
