/**
 * Guarantee: a question reaches Shoal, however long it was away, and comes back as an answer or as
 * Shoal's own sentence.
 */

import { LabError, Lost, type Ask, type Failure, type Questions } from "./protocol";
import { withTables } from "./tables";

const RETRY = 1000; // milliseconds
const GONE = "Shoal does not answer. Has the program ended? Start it again; the page goes on by itself.";
const STARTED_ANEW =
  "Shoal was started anew and does not know this page. Open the link that it printed; then the page goes on.";

/** Says who is lost, "" when everybody is there. */
export type Tell = (sentence: string) => void;

/** Ask the program that serves this page; without an answer, tell so and ask until there is one. */
export function overHttp(tell: Tell): Ask {
  return withTables(async (kind, question) => {
    for (;;) {
      try {
        const reply = await post(`api/${kind}`, JSON.stringify(question));
        tell("");
        return reply as Questions[typeof kind][1];
      } catch (error) {
        if (!(error instanceof Lost)) {
          tell("");
          throw error;
        }
        tell(error.message);
        await new Promise((resolve) => setTimeout(resolve, RETRY));
      }
    }
  });
}

async function post(url: string, body: string): Promise<unknown> {
  let status: number, reply: unknown;
  try {
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body });
    status = response.status;
    reply = await response.json().catch(() => null);
    if (response.ok && reply === null) throw new Lost(GONE); // cut off within its answer
  } catch {
    throw new Lost(GONE);
  }
  if (status === 401 || status === 403) throw new Lost(STARTED_ANEW);
  if (status < 400) return reply;
  throw failureOf(reply, `Shoal answered with status ${status}, and no reason.`);
}

/** Return the error that a failure stands for. */
export function failureOf(reply: unknown, otherwise: string): LabError {
  const failure = reply as Partial<Failure> | null;
  return new LabError(failure?.error ?? otherwise, failure?.unknown_table);
}
