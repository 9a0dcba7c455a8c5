/**
 * Guarantee: a picture of the page becomes a file that looks the same without the page.
 *
 * Its styles come from the style sheet, which a file has not: they are written into the copy.
 */

const SVG = "http://www.w3.org/2000/svg";
const STYLES = [
  "fill", "fill-opacity", "stroke", "stroke-width", "stroke-opacity", "stroke-dasharray",
  "stroke-linecap", "stroke-linejoin", "opacity", "display", "visibility", "font-family",
  "font-size", "font-weight", "font-style", "text-anchor", "dominant-baseline",
]; // prettier-ignore
const SHARPNESS = 2; // pixels of a PNG to one of the page

interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export type Picture = "plane" | "network" | "curve";

/** Find a picture of the page; with two runs, that of one of them. */
export function pictureOf(root: Element, name: Picture, run: number): Element | null {
  const all = root.querySelectorAll(`[data-picture="${name}"]`);
  return all[run] ?? all[0] ?? null;
}

/** The picture as SVG: drawings as they are, canvases as images, labels as text, in their places. */
export function asSvg(element: Element): Blob {
  const shown = layersOf(element);
  const { x, y, width, height } = around(shown.map((layer) => layer.getBoundingClientRect()));
  const svg = document.createElementNS(SVG, "svg");
  put(svg, { xmlns: SVG, width, height, viewBox: `${x} ${y} ${width} ${height}` });
  svg.append(ground(element, { x, y, width, height }), ...shown.map(copyOf));
  return new Blob([new XMLSerializer().serializeToString(svg)], { type: "image/svg+xml" });
}

export async function asPng(element: Element): Promise<Blob> {
  const address = URL.createObjectURL(asSvg(element));
  const image = new Image();
  image.src = address;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.width * SHARPNESS;
  canvas.height = image.height * SHARPNESS;
  canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
  URL.revokeObjectURL(address);
  return new Promise((done, fail) => {
    canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture"))), "image/png");
  });
}

/** Give a file to whoever sits here. */
export function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

function put(element: Element, attributes: Record<string, string | number>) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
}

/** What stands behind the picture: the first ground that is no glass. */
function ground(element: Element, place: Box): Element {
  let at: Element | null = element;
  let fill = "transparent";
  while (at && /transparent|, 0\)/.test(fill)) {
    fill = getComputedStyle(at).backgroundColor;
    at = at.parentElement;
  }
  const rect = document.createElementNS(SVG, "rect");
  put(rect, { ...place, fill: at ? fill : "white" });
  return rect;
}

/** Drawings, canvases, and what holds nothing but text. */
function layersOf(element: Element): Element[] {
  const all = [element, ...element.querySelectorAll("*")];
  return all.filter((each) => {
    if (each.parentElement?.closest("svg") && each !== element) return false;
    return each.matches("svg, canvas") || (!each.children.length && Boolean(each.textContent?.trim()));
  });
}

function around(boxes: DOMRect[]): Box {
  const x = Math.min(...boxes.map((box) => box.left));
  const y = Math.min(...boxes.map((box) => box.top));
  const width = Math.max(...boxes.map((box) => box.right)) - x;
  return { x, y, width, height: Math.max(...boxes.map((box) => box.bottom)) - y };
}

function copyOf(layer: Element): Element {
  const { x, y, width, height } = layer.getBoundingClientRect();
  if (!layer.matches("svg, canvas")) return textOf(layer, x + width / 2, y + height / 2);
  const copy = layer instanceof HTMLCanvasElement ? imageOf(layer) : styled(layer);
  put(copy, { x, y, width, height });
  return copy;
}

/** A label of the page as text; one that goes up the side goes up there too. */
function textOf(label: Element, x: number, y: number): Element {
  const text = document.createElementNS(SVG, "text");
  const style = getComputedStyle(label);
  const rise: Record<string, string> = style.writingMode.startsWith("vertical") ? { transform: `rotate(-90 ${x} ${y})` } : {};
  const font = { "font-family": style.fontFamily, "font-size": style.fontSize, "font-weight": style.fontWeight };
  put(text, { x, y, ...rise, ...font, fill: style.color, "text-anchor": "middle", "dominant-baseline": "central" });
  text.textContent = label.textContent;
  return text;
}

function imageOf(canvas: HTMLCanvasElement): Element {
  const image = document.createElementNS(SVG, "image");
  put(image, { href: canvas.toDataURL(), preserveAspectRatio: "none" });
  return image;
}

/** Copy a drawing with its styles. */
function styled(drawing: Element): Element {
  const copy = drawing.cloneNode(true) as Element;
  const [before, after] = [parts(drawing), parts(copy)];
  before.forEach((original, i) => {
    const twin = after[i];
    if (!twin) return;
    const style = getComputedStyle(original);
    for (const name of STYLES) twin.setAttribute(name, style.getPropertyValue(name));
    twin.removeAttribute("class");
    twin.removeAttribute("style");
  });
  return copy;
}

function parts(element: Element): Element[] {
  return [element, ...element.querySelectorAll("*")];
}
