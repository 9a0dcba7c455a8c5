/**
 * Guarantee: one place holds what the page shows; every part of the page reads it and calls it.
 *
 * Signals hold the state; the actions change it, and ask for what has to be seen anew.
 */

import type { ReadonlySignal, Signal } from "@preact/signals";
import type { About, Ask, DataSeen, Frame, Points, Scenario, Settings, View } from "./protocol";

/** One of the one or two runs side by side. */
export interface Run {
  scenario: Signal<Scenario>;
  data: Signal<DataSeen | null>;
  /** The picture: every one of them. */
  frame: Signal<Frame | null>;
  /** The same as it is read, not watched: a few times a second while it plays, see reading.ts. */
  figures: Signal<Frame | null>;
  /** What to say of it: a sentence on bad input, say. */
  error: Signal<string>;
}

/** One of the three steps of an iteration, or all. */
export type Part = "forward" | "backward" | "update" | "all";
export type Point = Points["points"][number];
/** What a click does while points are drawn: choose an example, put one of a class, take one away. */
export type Tool = "choose" | 0 | 1 | "erase";

export interface Lab {
  id: string; // with which the ids of its elements begin: a notebook may hold several labs
  about: Signal<About | null>;
  runs: Signal<Run[]>; // the first is the main one; both are at the same iteration
  iteration: Signal<number>; // shown
  told: Signal<number>; // the same as it is read, with the figures of the runs
  wanted: ReadonlySignal<number>; // where it is on the way to; the same when it is there
  seen: ReadonlySignal<number>; // the last iteration that this run has reached
  playing: Signal<boolean>;
  speed: Signal<number>; // iterations in a picture
  view: Signal<View>;
  /** What is pointed at or chosen, the same in the picture and in the equations. */
  symbol: Signal<string | null>; // "W1", "dz2", "A1": its picture lights up, and the other way round
  unit: Signal<number | null>; // a hidden unit, from 0
  example: Signal<number | null>; // an example learned from, from 0; null is the batch
  lost: Signal<string>; // "" or why nobody answers
  lesson: Signal<number | null>; // step from 0, null when closed
  part: Signal<Part>; // of the step that the equations show
  explained: Signal<number>; // of two runs, the one that the equations and the check are of
  tool: Signal<Tool>;
  /** Points drawn by hand that are no data yet; null when those of the run are all. */
  waiting: Signal<Point[] | null>;
  message: Signal<string>; // said to screen readers, and shown for a moment
  /** Ask Shoal; waits out a lost connection, and gives a forgotten table again. */
  ask: Ask;
}

/** What every part of the page gets. */
export interface Props {
  lab: Lab & Actions;
}
/** What a part gets that stands once for each run. */
export interface RunProps extends Props {
  index: number;
}

export interface Actions {
  play(): void;
  pause(): void;
  /** Go to an iteration; exact, forward or back. */
  go(iteration: number): Promise<void>;
  step(by: 1 | -1): Promise<void>;
  /** Start anew with other settings; keeps what is not named. */
  restart(changes: Partial<Scenario>, run?: number): void;
  /** Change something from the iteration shown on: a branch. */
  branch(changes: Partial<Settings> & { weights?: Record<string, number> }, run?: number): void;
  /** Open a second run beside the first, or close it. */
  compare(changes: Partial<Scenario> | null): void;
  look(view: View): void;
  /** Take a whole state, as a link or a lesson's step holds it. */
  open(state: LinkState): void;
  /** Read a dropped or chosen file as a table, and start on it. */
  drop(file: File): Promise<void>;
  /** The state shown, as open() takes it. */
  state(): LinkState;
  /** The address that opens it. */
  link(): string;
}

/** All that reproduces the view: it is the link. */
export interface LinkState {
  runs: Scenario[];
  iteration: number;
  view: View;
  example: number | null;
  unit: number | null;
  lesson: number | null;
}
