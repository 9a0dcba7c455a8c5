/** Guarantee: a symbol of the equations and its place in the pictures find each other. */

import type { Lab } from "./store";

/** Return the quantity that a symbol is about: of "dz2", "Z2" and "W1 :=", Z2 and W1. */
function quantity(symbol: string): string {
  const bare = symbol.replace(/\s*:?=.*$/, "").replace(/^d(?=[A-Za-z])/, "");
  return /^[zaxy]/.test(bare) ? bare[0]?.toUpperCase() + bare.slice(1) : bare;
}

/** Whether the symbol pointed at is about one of these quantities. */
export function isLit(lab: Lab, ...quantities: string[]): boolean {
  const symbol = lab.symbol.value;
  return symbol !== null && quantities.includes(quantity(symbol));
}

/** What makes a place of a picture point at its symbol. */
export function pointing(lab: Lab, symbol: string) {
  const { onFocus, onBlur } = focusing(lab, symbol);
  return { onPointerEnter: onFocus, onPointerLeave: onBlur };
}

/** The same for a place that can have the focus; others in a drawing would get it by listening for it. */
export function focusing(lab: Lab, symbol: string) {
  const point = () => (lab.symbol.value = symbol);
  const leave = () => {
    if (lab.symbol.peek() === symbol) lab.symbol.value = null;
  };
  return { onFocus: point, onBlur: leave };
}
