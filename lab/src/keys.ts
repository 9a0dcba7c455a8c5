/** Guarantee: the page's keys, and that they stay away from fields that need them themselves. */

import type { Actions, Lab } from "./store";

const OWN_KEYS = "input, select, textarea, [contenteditable], [role=menu], [role=tablist]";
const OWN_SPACE = "button, summary, a, [role=button], [role=radio]";

/** What the page does with a key. */
export function onKey(lab: Lab & Actions, event: KeyboardEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || target?.closest(OWN_KEYS))
    return;
  if (event.key === " " && target?.closest(OWN_SPACE)) return;
  const act = ACTS[event.key];
  if (!act) return;
  act(lab);
  event.preventDefault();
}

const ACTS: Record<string, (lab: Lab & Actions) => void> = {
  " ": (lab) => (lab.playing.peek() ? lab.pause() : lab.play()),
  ArrowLeft: (lab) => void lab.step(-1),
  ArrowRight: (lab) => void lab.step(1),
  Home: (lab) => void lab.go(0),
  End: (lab) => void lab.go(lab.seen.peek()),
};
