/** Guarantee: a question is asked anew when it changes, one at a time and never faster than the eye. */

import { effect, signal, type Signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LabError, type Kind, type Questions } from "./protocol";
import type { Lab } from "./store";

const PAUSE = 250; // milliseconds from an answer to the next question
const SELDOM = 500; // the same while it plays: the pictures need the time

interface Followed<K extends Kind> {
  question: Signal<Questions[K][0] | null>; // that the answer belongs to
  answer: Signal<Questions[K][1] | null>;
  error: Signal<string>;
}

/** Keep the answer to a question that depends on signals; null asks nothing. */
export function useFollowed<K extends Kind>(
  lab: Lab,
  kind: K,
  ask: () => Questions[K][0] | null,
): Followed<K> {
  const held = useRef<Followed<K>>();
  const followed = (held.current ??= {
    question: signal<Questions[K][0] | null>(null),
    answer: signal<Questions[K][1] | null>(null),
    error: signal(""),
  });
  useEffect(() => follow(lab, kind, ask, followed), []);
  return followed;
}

function follow<K extends Kind>(
  lab: Lab,
  kind: K,
  ask: () => Questions[K][0] | null,
  { question, answer, error }: Followed<K>,
): () => void {
  let wanted: Questions[K][0] | null = null;
  let asked: Questions[K][0] | null = null;
  let [busy, since, timer] = [false, 0, 0];
  const next = async () => {
    clearTimeout(timer);
    if (busy || !wanted || wanted === asked) return;
    const rest = since + (lab.playing.peek() ? SELDOM : PAUSE) - performance.now();
    if (rest > 0) {
      timer = window.setTimeout(next, rest);
      return;
    }
    [busy, asked] = [true, wanted];
    try {
      answer.value = await lab.ask(kind, asked);
      question.value = asked;
      error.value = "";
    } catch (failure) {
      // A lost connection is said once for the whole page.
      error.value = failure instanceof LabError ? failure.message : "";
    }
    [busy, since] = [false, performance.now()];
    void next();
  };
  const stop = effect(() => {
    wanted = ask();
    void lab.playing.value; // who stops wants the present ones soon
    void next();
  });
  return () => {
    wanted = null;
    stop();
  };
}
