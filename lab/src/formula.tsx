/**
 * Guarantee: a formula is set in the course's symbols, and each can be pointed at, by mouse or key.
 *
 * What is pointed at is lab.symbol; whoever shows the same lights up, here and in the drawing.
 */

import type { ComponentChildren } from "preact";
import type { Lab } from "./store";

const SYMBOL = /^(?:d?[WbZzAa][12]|[XxYyJLmw]|alpha)$/;
const TOKEN = /\d+(?:\.\d+)?(?:e[+-]?\d+)?|d?[WbZzAa][12]\b|g[12]'?|\^T|:=|[A-Za-z_]+|\s+|./g;

const MEANINGS: Record<string, string> = {
  x: "the features",
  y: "the true label",
  w: "the weights of the examples",
  m: "the number of examples",
  W1: "weights of the hidden layer",
  b1: "biases of the hidden layer",
  W2: "weights of the output",
  b2: "bias of the output",
  z1: "weighted sums at the hidden units",
  a1: "activations of the hidden units",
  z2: "weighted sum at the output",
  a2: "the prediction",
  L: "the loss of one example",
  J: "the cost, the mean loss",
  alpha: "the learning rate",
};

/** The same thing for one example and for the batch: z1 and Z1. */
export function same(one: string | null, other: string): boolean {
  return one !== null && family(one) === family(other);
}

function family(name: string): string {
  return name.replace(/[ZAXY]/, (letter) => letter.toLowerCase());
}

function meaning(name: string): string {
  const known = MEANINGS[family(name)];
  if (known) return known;
  const of = MEANINGS[family(name.slice(1))] ?? name;
  const what = /[za]/.test(name) ? "loss" : "cost";
  return `derivative of the ${what} by ${name.slice(1)}, ${of}`;
}

/** W1 as the course writes it: W with the layer in brackets, raised. */
function set(name: string): ComponentChildren {
  if (name === "alpha") return <i>α</i>;
  const layer = /[12]$/.exec(name)?.[0];
  const letters = layer ? name.slice(0, -1) : name;
  return (
    <>
      <i>{letters}</i>
      {layer && <sup>[{layer}]</sup>}
    </>
  );
}

/** Who only passes with the mouse leaves the one with the focus as it is. */
function focused(beside: Element): string | null {
  const at = beside.closest(".lab")?.querySelector(":focus");
  return at instanceof HTMLElement ? (at.dataset.symbol ?? null) : null;
}

interface SymbolProps {
  lab: Lab;
  name: string;
}

export function Sym({ lab, name }: SymbolProps) {
  const point = () => (lab.symbol.value = name);
  const leave = (event: { currentTarget: Element }) => (lab.symbol.value = focused(event.currentTarget));
  return (
    <button
      type="button"
      class={same(lab.symbol.value, name) ? "symbol lit" : "symbol"}
      data-symbol={name}
      title={`${name}: ${meaning(name)}`}
      onMouseEnter={point}
      onMouseLeave={leave}
      onFocus={point}
      onBlur={() => (lab.symbol.value = null)}
      onClick={point}
    >
      {set(name)}
    </button>
  );
}

function part(lab: Lab, token: string, key: number): ComponentChildren {
  if (SYMBOL.test(token)) return <Sym key={key} lab={lab} name={token} />;
  if (token === "^T") return <sup key={key}>T</sup>;
  if (token === "sum") return <span key={key}>Σ</span>;
  if (token === "*") return <span key={key}>∗</span>;
  if (/^n_[xhy]$/.test(token)) {
    return (
      <span key={key}>
        <i>n</i>
        <sub>{token[2]}</sub>
      </span>
    );
  }
  if (/^g[12]/.test(token)) {
    return (
      <span key={key}>
        <i>g</i>
        <sup>[{token[1]}]</sup>
        {token.slice(2) && "′"}
      </span>
    );
  }
  return token.replaceAll("-", "−");
}

/** Set a formula as Shoal writes it: "(1/m) dZ2 A1^T". */
export function Formula({ lab, text }: { lab: Lab; text: string }) {
  return <span class="formula">{(text.match(TOKEN) ?? []).map((token, i) => part(lab, token, i))}</span>;
}

/** A sentence with formulas between backticks. */
export function Prose({ lab, text }: { lab: Lab; text: string }) {
  const parts = text.split("`");
  return (
    <>{parts.map((piece, i) => (i % 2 ? <Formula key={i} lab={lab} text={piece} /> : piece))}</>
  );
}
