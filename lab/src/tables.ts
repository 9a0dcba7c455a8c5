/**
 * Guarantee: a table that was dropped on the page is given again when Shoal no longer has it.
 *
 * The bytes stay in this tab: in memory, and in its session storage if they fit, for a reload.
 * Nothing is left behind when the tab is closed.
 */

import { LabError, type Ask, type Questions, type TableSeen } from "./protocol";

type Given = Questions["table"][0];
const PREFIX = "shoal-lab-table-";
const given = new Map<string, Given>();

function keep(table: string, question: Given): void {
  given.set(table, question);
  try {
    sessionStorage.setItem(PREFIX + table, JSON.stringify(question));
  } catch {
    // It does not fit, or there is no storage: memory will do.
  }
}

function find(table: string): Given | null {
  const inMemory = given.get(table);
  if (inMemory) return inMemory;
  try {
    const text = sessionStorage.getItem(PREFIX + table);
    return text === null ? null : (JSON.parse(text) as Given);
  } catch {
    return null;
  }
}

/** Return an ask that keeps the tables it gives, and gives one again that is asked for. */
export function withTables(ask: Ask): Ask {
  return async (kind, question) => {
    try {
      const reply = await ask(kind, question);
      if (kind === "table") keep((reply as TableSeen).table, question as Given);
      return reply;
    } catch (error) {
      const table = error instanceof LabError ? error.unknownTable : undefined;
      const again = table === undefined ? null : find(table);
      if (!again) throw error;
      await ask("table", again);
      return ask(kind, question);
    }
  };
}

/** Return the bytes of a file in base64. */
export async function base64Of(file: Blob): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.onerror = () => reject(new LabError("The file cannot be read."));
    reader.readAsDataURL(file);
  });
  return url.slice(url.indexOf(",") + 1);
}
