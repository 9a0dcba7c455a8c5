/**
 * Guarantee: what the page and Shoal say to each other, and nothing else.
 *
 * A run is a pure function of its scenario and an iteration. So every question carries both, the
 * other side keeps nothing that it could not compute again, and a page survives a restart.
 * Arrays of pictures travel as base64; numbers of equations as JSON numbers, exact to the bit.
 */

export type Activation = "tanh" | "sigmoid" | "relu" | "leaky_relu" | "identity";
export type Initialisation = "gaussian" | "scaled" | "zeros" | "constant";
export type OptimizerName = "descent" | "momentum" | "adam";

/** Points of a formula; names are in About.data_sets. */
export interface BuiltIn {
  kind: "built-in";
  name: string;
  seed: number;
}
/** Points drawn by hand: x1, x2 and the class, 0 or 1. */
export interface Points {
  kind: "points";
  points: [number, number, number][];
}
/** A table that was given with the command or dropped on the page. */
export interface TableData {
  kind: "table";
  table: string; // the fingerprint of its bytes
  name: string; // of the file, for people
  target: string;
}
export type Data = BuiltIn | Points | TableData;

/** What may be changed at any iteration; what is not named stays. */
export interface Settings {
  optimizer: OptimizerName;
  alpha: number;
  batch_size: number | null; // null takes all examples: then a pass is one iteration
  l2: number;
}
/** From the iteration `at` on; weights are set by their place in theta. */
export interface Change extends Partial<Settings> {
  at: number;
  weights?: Record<string, number>;
}
/** All that reproduces a run. */
export interface Scenario extends Settings {
  data: Data;
  held_out: number; // share of the examples that is measured on and never learned from, 0 to 0.5
  n_h: number;
  activation: Activation;
  init: Initialisation;
  scale: number;
  seed: number; // of the start, the batches and the held-out part
  changes: Change[]; // by rising `at`
}

/** Which plane of the features is looked at: two of them, or the two principal axes. */
export type View = { kind: "pair"; x: number; y: number } | { kind: "projection" };

export interface Failure {
  error: string; // one sentence that names what is wrong, and the remedy
  unknown_table?: string; // its fingerprint: give it again
}

export interface About {
  shoal: string;
  data_sets: { name: string; title: string; sentence: string }[];
  activations: Activation[];
  initialisations: Initialisation[];
  optimizers: OptimizerName[];
  limits: { n_h: number; points: number; bytes: number };
  of_a_table: Partial<Scenario>; // what a table begins with
  start: Scenario; // what to open with: the command's table, or the flower
  tables: TableSeen[];
}

export interface TableSeen {
  table: string;
  name: string;
  rows: number;
  columns: { name: string; kind: string }[];
  target: string; // as given, or the likeliest
  notes: string[];
}

/** The examples in the plane of a view. ask("data", {scenario, view}) */
export interface DataSeen {
  m: number; // learned from
  m_held_out: number;
  features: string[];
  classes: string[];
  axes: [string, string]; // what stands along x and y
  bounds: [[number, number], [number, number]]; // least and greatest of x, of y
  /** Of many examples some. `example` is the number in X of the learned-from ones, -1 held out. */
  shown: { x: string; y: string; label: string; example: string }; // base64: f32, f32, u8, i32
  notes: string[];
}

export interface Histogram {
  low: number;
  high: number;
  counts: number[];
}
export interface Finding {
  name: string;
  kind: "failure" | "warning";
  sentence: string;
  cure: string;
  evidence: Record<string, number>;
}

export interface FrameQuestion {
  scenario: Scenario;
  iteration: number; // wanted
  view: View;
  map: number; // columns and rows of the picture of A2, 0 for none
  units: number; // columns and rows of each hidden unit's picture, 0 for none
  figures: boolean; // the distributions and the meters: a few times a second will do
  findings: boolean; // they take longer than the rest
  known: number; // the last iteration of the cost curve that is here already, -1 for none
}
/** The network at an iteration. ask("frame", FrameQuestion) */
export interface Frame {
  iteration: number; // reached: a long way takes several questions, ask again until it is there
  ended: string | null; // why there is no further iteration (the cost is no finite number)
  cost: number; // J of the examples learned from, without a penalty, as the network stands
  held_out_cost: number | null;
  accuracy: number;
  held_out_accuracy: number | null;
  /** After what is known. */
  curve: { iteration: number[]; cost: number[]; held_out_cost: (number | null)[] };
  /** The units and features that are drawn: all, or those with the largest weights. */
  drawn: {
    units: number[]; // numbers from 0
    features: number[];
    W1: number[][]; // (units, features)
    b1: number[];
    W2: number[][]; // (n_y, units)
    b2: number[];
    places: { W1: number[][]; b1: number[]; W2: number[][]; b2: number[] }; // in theta
  };
  map: { size: number; probability: string; said: string } | null; // base64 u8 each, top row first
  /** Of the units that are drawn, u8. */
  units: { size: number; activation: string; low: number[]; high: number[] } | null;
  distributions: Record<"z1" | "a1" | "dW1" | "dW2" | "dz1", Histogram> | null;
  meters: { distinct: number; saturated: number | null; dead: number | null } | null;
  findings: Finding[] | null;
}

export interface Step {
  part: "examples" | "parameters" | "forward" | "cost" | "hidden units" | "backward" | "update";
  symbol: string; // Z1, dW2, "W1 :="
  equation: string; // W1 X + b1
  note: string;
  axes: [string, string]; // feature, unit, output, example or nothing
  shape: [number, number];
  rows: number[]; // which are given, numbers from 0: of many some
  columns: number[];
  value: number[][];
}
/** One step of the descent. ask("equations", {scenario, iteration, example: number | null}) */
export interface EquationsSeen {
  m: number;
  alpha: number;
  names: { feature: string[]; unit: string[]; output: string[] };
  steps: Step[];
}
/** ask("check", {scenario, iteration}) */
export interface CheckSeen {
  right: boolean;
  sentence: string;
  blocks: { name: string; complex_step: number; difference: number; worst: string; analytic: number; numeric: number; right: boolean }[];
}
/** ask("take", {scenario, iteration, what}) */
export interface Taken {
  name: string; // of the file
  type: string; // its media type
  content: string; // base64
}

export interface Questions {
  about: [Record<string, never>, About];
  data: [{ scenario: Scenario; view: View }, DataSeen];
  frame: [FrameQuestion, Frame];
  equations: [{ scenario: Scenario; iteration: number; example: number | null }, EquationsSeen];
  check: [{ scenario: Scenario; iteration: number }, CheckSeen];
  table: [{ name: string; content: string; target?: string }, TableSeen]; // content: base64
  take: [{ scenario: Scenario; iteration: number; what: "script" | "notebook" | "model" }, Taken];
}
export type Kind = keyof Questions;

/** Ask Shoal; rejects with a LabError that has its sentence, or with Lost when nobody answers. */
export type Ask = <K extends Kind>(kind: K, question: Questions[K][0]) => Promise<Questions[K][1]>;

export class LabError extends Error {
  constructor(
    message: string,
    readonly unknownTable?: string,
  ) {
    super(message);
  }
}
/** Nobody answers: the program has ended, or has been started anew and wants its new link. */
export class Lost extends Error {}
