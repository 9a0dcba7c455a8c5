/** Guarantee: in a notebook, questions go over the widget's messages, and each answer finds its question. */

import type { Ask, Kind, Questions } from "./protocol";
import { failureOf, type Tell } from "./ask";
import { withTables } from "./tables";

const PATIENCE = 20_000; // milliseconds until the page says that nobody answers
const SILENT =
  "The kernel does not answer. It may be busy with another cell, or have ended: then run the cell again.";

/** What the lab needs of an anywidget model. */
export interface Model {
  send(content: { id: number; kind: Kind; question: unknown }): void;
  on(event: "msg:custom", heard: (message: { id: number; reply: unknown }) => void): void;
  off(event: "msg:custom", heard: (message: { id: number; reply: unknown }) => void): void;
}

/** Return an ask over a model, and what ends it. */
export function overModel(model: Model, tell: Tell): { ask: Ask; close: () => void } {
  const waiting = new Map<number, (reply: unknown) => void>();
  let last = 0;
  const heard = ({ id, reply }: { id: number; reply: unknown }) => waiting.get(id)?.(reply);
  model.on("msg:custom", heard);
  const ask: Ask = async (kind, question) => {
    const id = (last += 1);
    const silence = setTimeout(() => tell(SILENT), PATIENCE);
    const reply = await new Promise<unknown>((resolve) => {
      waiting.set(id, resolve);
      model.send({ id, kind, question });
    });
    clearTimeout(silence);
    waiting.delete(id);
    tell("");
    if (typeof reply === "object" && reply !== null && "error" in reply) throw failureOf(reply, "");
    return reply as Questions[typeof kind][1];
  };
  return { ask: withTables(ask), close: () => model.off("msg:custom", heard) };
}
