/**
 * Guarantee: a link holds all that reproduces the view, and a malformed one is refused with a
 * sentence that says so.
 *
 * What the values mean is checked by Shoal; here, that they are of the kind that the page reads.
 */

import { LabError, type Change, type Data, type Scenario, type View } from "./protocol";
import type { LinkState } from "./store";

/** Return a state as the part of an address after the hash. */
export function written(state: LinkState): string {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** Return the state that was written, or null where there is none. */
export function read(hash: string): LinkState | null {
  const text = hash.replace(/^#/, "");
  if (!text) return null;
  try {
    const bytes = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) =>
      c.charCodeAt(0),
    );
    return linkState(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)));
  } catch {
    throw new LabError("The link is damaged: it may have been cut off. It is not followed.");
  }
}

type Fields = Record<string, unknown>;

function refuse(): never {
  throw new LabError("malformed");
}
function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : refuse();
}
function list(value: unknown, most: number): unknown[] {
  return Array.isArray(value) && value.length <= most ? value : refuse();
}
const number = (value: unknown) => (typeof value === "number" && Number.isFinite(value) ? value : refuse());
const whole = (value: unknown) =>
  Number.isSafeInteger(value) && number(value) >= 0 ? number(value) : refuse();
const wholeOrNull = (value: unknown) => (value === null || value === undefined ? null : whole(value));
const text = (value: unknown) => (typeof value === "string" ? value : refuse());

function linkState(value: unknown): LinkState {
  const given = fields(value);
  const runs = list(given["runs"], 2).map(scenario);
  if (runs.length === 0) refuse();
  return {
    runs,
    iteration: whole(given["iteration"]),
    view: view(given["view"]),
    example: wholeOrNull(given["example"]),
    unit: wholeOrNull(given["unit"]),
    lesson: wholeOrNull(given["lesson"]),
  };
}

function view(value: unknown): View {
  const given = fields(value);
  if (given["kind"] === "projection") return { kind: "projection" };
  return given["kind"] === "pair" ? { kind: "pair", x: whole(given["x"]), y: whole(given["y"]) } : refuse();
}

function scenario(value: unknown): Scenario {
  const given = fields(value);
  return {
    data: data(given["data"]),
    held_out: number(given["held_out"]),
    n_h: whole(given["n_h"]),
    activation: text(given["activation"]) as Scenario["activation"],
    init: text(given["init"]) as Scenario["init"],
    scale: number(given["scale"]),
    seed: whole(given["seed"]),
    optimizer: text(given["optimizer"]) as Scenario["optimizer"],
    alpha: number(given["alpha"]),
    batch_size: wholeOrNull(given["batch_size"]),
    l2: number(given["l2"]),
    changes: list(given["changes"], 1000).map(change),
  };
}

function data(value: unknown): Data {
  const given = fields(value);
  switch (given["kind"]) {
    case "built-in":
      return { kind: "built-in", name: text(given["name"]), seed: whole(given["seed"]) };
    case "points":
      return { kind: "points", points: list(given["points"], 100_000).map(point) };
    case "table":
      return {
        kind: "table",
        table: text(given["table"]),
        name: text(given["name"]),
        target: text(given["target"]),
      };
    default:
      return refuse();
  }
}

function point(value: unknown): [number, number, number] {
  const [x, y, label] = list(value, 3);
  return [number(x), number(y), whole(label)];
}

function change(value: unknown): Change {
  const given = fields(value);
  const made: Change = { at: whole(given["at"]) };
  if ("optimizer" in given) made.optimizer = text(given["optimizer"]) as Scenario["optimizer"];
  if ("alpha" in given) made.alpha = number(given["alpha"]);
  if ("batch_size" in given) made.batch_size = wholeOrNull(given["batch_size"]);
  if ("l2" in given) made.l2 = number(given["l2"]);
  if ("weights" in given) {
    const weights = Object.entries(fields(given["weights"]));
    made.weights = Object.fromEntries(weights.map(([place, weight]) => [place, number(weight)]));
  }
  return made;
}
