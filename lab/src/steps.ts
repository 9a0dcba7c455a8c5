/**
 * Guarantee: the lesson's steps, each with what is opened, what to do and what is seen then.
 *
 * The figures are those of the runs that are opened: they are the same on every machine.
 */

import type { Scenario } from "./protocol";
import type { Actions, Lab, LinkState, Part } from "./store";

type Whole = Lab & Actions;

export interface Task {
  button: string;
  see: string; // what is to be seen when it is done
  at: string; // the part in which it is seen
  run(lab: Whole, part: Element | null): void | Promise<void>;
}
export interface LessonStep {
  title: string;
  text: string[]; // paragraphs; formulas stand between backticks
  state: Omit<LinkState, "lesson">;
  tasks: Task[];
}

const FLOWER: Scenario = {
  data: { kind: "built-in", name: "flower", seed: 1 },
  held_out: 0,
  n_h: 4,
  activation: "tanh",
  init: "gaussian",
  scale: 0.01,
  seed: 2,
  optimizer: "descent",
  alpha: 1.2,
  batch_size: null,
  l2: 0,
  changes: [],
};
const XOR: Scenario = { ...FLOWER, data: { kind: "built-in", name: "xor", seed: 1 } };

/** Four little heaps, crosswise of one class: what can be drawn in a moment. */
const DRAWN: [number, number, number][] = [
  [-2.4, -1.9, 0], [-1.9, -2.3, 0], [-1.5, -1.6, 0], [2.4, 1.8, 0], [1.7, 2.3, 0], [1.5, 1.5, 0],
  [-2.4, 1.9, 1], [-1.8, 2.4, 1], [-1.5, 1.5, 1], [2.4, -1.8, 1], [1.8, -2.3, 1], [1.5, -1.6, 1],
]; // prettier-ignore

function state(runs: Scenario[], iteration = 0, example: number | null = null): LessonStep["state"] {
  return { runs, iteration, view: { kind: "pair", x: 0, y: 1 }, example, unit: null };
}

function go(iteration: number, see: string): Task {
  return {
    button: `Go to iteration ${iteration.toLocaleString("en")}`,
    see,
    at: "plane",
    run: (lab) => lab.go(iteration),
  };
}

function light(symbol: string, see: string): Task {
  return {
    button: `Light up ${symbol}`,
    see,
    at: "network",
    run: (lab) => {
      lab.symbol.value = symbol;
    },
  };
}

function follow(example: number, see: string): Task {
  return {
    button: `Follow example ${example + 1}`,
    see,
    at: "equations",
    run: (lab) => {
      lab.example.value = example;
    },
  };
}

function turn(to: Part, button: string, see: string): Task {
  return {
    button,
    see,
    at: "equations",
    run: (lab) => {
      lab.part.value = to;
    },
  };
}

/** The second run with other settings, as far as the first has gone. */
function second(button: string, changes: Partial<Scenario>, iteration: number, see: string): Task {
  return {
    button,
    see,
    at: "cost",
    run: async (lab) => {
      lab.restart(changes, 1);
      await lab.go(iteration);
    },
  };
}

export const STEPS: LessonStep[] = [
  {
    title: "Points that no line separates",
    text: [
      "400 points of two classes lie in the petals of a flower. The network is to say the class of each place.",
      "Here it has one unit without a curve, which is logistic regression: the border between its classes is a straight line.",
    ],
    state: state([{ ...FLOWER, activation: "identity", n_h: 1 }]),
    tasks: [
      go(1000, "The line has found its best place, and J is 0.67. 47 % are right, less than a coin."),
      {
        button: "Take four units with tanh",
        see: "At iteration 1,000, J is 0.29, and 89 % are right. Four units draw four lines and join them.",
        at: "plane",
        run: async (lab) => {
          lab.restart({ activation: "tanh", n_h: 4 });
          await lab.go(1000);
        },
      },
    ],
  },
  {
    title: "The network and its parameters",
    text: [
      "Two features go into four hidden units, and these into one output. So `n_x` = 2, `n_h` = 4 and `n_y` = 1.",
      "What is learned: `W1` is (4, 2), a row of weights for each unit. `b1` is (4, 1). `W2` is (1, 4), and `b2` is (1, 1). Together they are 17 numbers.",
    ],
    state: state([FLOWER], 1000),
    tasks: [
      light("W1", "The eight lines from the features to the units are W1."),
      light("W2", "The four lines from the units to the output are W2."),
    ],
  },
  {
    title: "Forward: one example",
    text: [
      "One example `x` goes through four lines: `z1 = W1 x + b1`, then `a1 = tanh(z1)`, then `z2 = W2 a1 + b2`, then `a2 = sigmoid(z2)`.",
      "`a2` is the prediction: how probable class 1 is. Point at a symbol, or focus it, and the drawing shows it.",
    ],
    state: state([FLOWER], 1000, 0),
    tasks: [
      turn("forward", "Show the forward step", "The numbers of each line stand beside it."),
      follow(399, "The last example is of class 1: its y is 1."),
    ],
  },
  {
    title: "The cost",
    text: [
      "The loss `L(a2, y)` says how bad one prediction is: minus the logarithm of the probability of what is true. The cost `J` is its mean over the `m` = 400 examples.",
      "At the start the weights are near zero. Every `a2` is about 0.5, and that costs log 2 = 0.693.",
    ],
    state: state([FLOWER], 0),
    tasks: [
      go(100, "J is 0.60. The first petals are found."),
      go(1000, "J is 0.29. From here on it falls ever more slowly."),
      {
        button: "One iteration back",
        see: "Time goes both ways, and each iteration is exactly what it was.",
        at: "plane",
        run: (lab) => lab.step(-1),
      },
    ],
  },
  {
    title: "Backward: the six equations",
    text: [
      "How much does the loss change when one number changes a little? The chain rule goes back from the loss to each parameter.",
      "`dz2 = a2 - y`, `dW2 = dz2 a1^T`, `db2 = dz2`, `dz1 = W2^T dz2 * g1'(z1)`, `dW1 = dz1 x^T`, `db1 = dz1`. The ∗ is element by element. A derivative has the shape of what it belongs to.",
    ],
    state: state([FLOWER], 100, 0),
    tasks: [
      turn("backward", "Show the backward step", "dz2 is a2 − y: the prediction is too high, so it is above zero."),
      light("dz1", "Each hidden unit has one number in dz1. Its row of dW1 is that number times x."),
    ],
  },
  {
    title: "All examples at once",
    text: [
      "The examples stand side by side as the columns of `X`. Then the same lines compute all of them: `Z1 = W1 X + b1`.",
      "Backward: `dZ2 = A2 - Y`, `dW2 = (1/m) dZ2 A1^T`, `db2 = (1/m) sum dZ2`. The product adds up over the examples by itself, and 1/`m` makes it a mean.",
    ],
    state: state([FLOWER], 100),
    tasks: [
      turn("backward", "Show the backward step", "dZ2 has a column for each example; dW2 has the shape of W2."),
      follow(0, "The same for one example: small letters, and no 1/m."),
    ],
  },
  {
    title: "The update, and alpha",
    text: [
      "Each parameter goes a step against its derivative: `W1 := W1 - alpha dW1`, and so for `b1`, `W2` and `b2`. That is one iteration.",
      "`alpha` is the length of the step. Run 1 has 1.2. Run 2 has 0.01: it learns too, but slowly.",
    ],
    state: state([FLOWER, { ...FLOWER, alpha: 0.01 }]),
    tasks: [
      go(1000, "J is 0.29 with alpha 1.2, and 0.69 with 0.01. The finding says that alpha is too small."),
      second("Take alpha 20 in run 2", { alpha: 20 }, 100, "At iteration 100 J has jumped up and down, and is above that of run 1: the steps lead uphill. The finding says that alpha is too large."),
      turn("update", "Show the update", "The new numbers are the old ones less alpha times the derivative."),
    ],
  },
  {
    title: "Why zeros fail",
    text: [
      "Run 2 starts with all weights at zero. Then `A1` is zero, so `dW2` is zero. `W2` is zero, so `dZ1` and `dW1` are zero too. No weight ever moves.",
      "With sigmoid `A1` is a half instead. But all units have the same derivatives, so they stay copies of each other; with as many examples of each class, these are even zero here. Any constant makes copies.",
    ],
    state: state([FLOWER, { ...FLOWER, init: "zeros" }]),
    tasks: [
      go(1000, "Run 1 is at 0.29. Run 2 is still at 0.69: it is dead."),
      second("Zeros with sigmoid in run 2", { init: "zeros", activation: "sigmoid" }, 1000, "One of four units is distinct: run 2 is symmetric, and does not move either."),
      second("A constant 0.5 with tanh in run 2", { init: "constant", scale: 0.5, activation: "tanh" }, 1000, "J is 0.65, and the four units are one: symmetric again."),
    ],
  },
  {
    title: "Why small weights",
    text: [
      "The weights are drawn from a Gaussian and multiplied by a small number. Run 1 takes 0.01, run 2 takes 20, on points like XOR.",
      "Large weights make `Z1` large. There tanh is flat: its slope `g1'(Z1)` is near zero, and `dZ1` has it as a factor. The hidden layer hardly moves.",
    ],
    state: state([XOR, { ...XOR, scale: 20 }]),
    tasks: [
      light("Z1", "Run 2 starts with 84 % of its activations on the flat ends; see the saturation meter."),
      go(1000, "J is 0.06 in run 1. In run 2 it is 0.21, and falls very slowly."),
      second("Take scale 1 in run 2", { scale: 1 }, 1000, "J is 0.14. 0.01 is no law, but small is safe."),
    ],
  },
  {
    title: "Check the gradient",
    text: [
      "Are the six equations right? Change one parameter a little, up and down, and compute the cost twice. The difference, divided by the change, is the derivative.",
      "The complex step does the same without rounding. Neither shares a line with the equations.",
    ],
    state: state([FLOWER], 100),
    tasks: [
      {
        button: "Check the gradient",
        see: "No block is off by more than a hundred-millionth: the equations are right.",
        at: "check",
        run: (_, part) => part?.querySelector("button")?.click(),
      },
    ],
  },
  {
    title: "Your own data",
    text: [
      "Drop a table on the page, or choose a file: CSV or Parquet. Then choose the column to predict. It stays on this machine.",
      "Or draw points by hand, and see what the network makes of them. Twelve are here as a beginning.",
    ],
    state: state([{ ...FLOWER, data: { kind: "points", points: DRAWN }, scale: 0.5 }]),
    tasks: [
      go(1000, "The four heaps are told apart. Add points of your own, and it starts anew."),
      {
        button: "Go to the file button",
        see: "Choose a file, or drop one anywhere.",
        at: "drop",
        run: (_, part) => part?.querySelector("input")?.focus(),
      },
    ],
  },
];
