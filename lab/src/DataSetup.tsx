/** Guarantee: the data can be a built-in set, a table, or points drawn by hand. */

import { DrawPoints } from "./DrawPoints";
import { FIRST } from "./drawing";
import { Amount, Choice } from "./Fields";
import type { About, Data, Scenario } from "./protocol";
import type { Props } from "./store";

const DRAWN = "points";

export function DataSetup({ lab }: Props) {
  const scenario = lab.runs.value[0]?.scenario.value;
  const about = lab.about.value;
  if (!scenario || !about) return null;
  const { data } = scenario;
  const chosen = data.kind === "built-in" ? data.name : data.kind === "table" ? data.table : DRAWN;
  const set = (changes: Partial<Scenario>) => lab.restart(changes);
  return (
    <fieldset>
      <legend>
        Data <span class="quiet">a change starts anew</span>
      </legend>
      <Choice
        label="Examples"
        value={chosen}
        options={optionsOf(about, data)}
        set={(name) => choose(lab, name, about)}
      />
      <p class="quiet sentence">{sentenceOf(about, data)}</p>
      <Which about={about} data={data} set={(data) => set({ data })} />
      <DrawPoints lab={lab} />
      <Amount
        label="Held out, share"
        value={scenario.held_out}
        least={0}
        most={0.5}
        step={0.05}
        set={(held_out) => set({ held_out })}
      />
      <Notes lab={lab} />
    </fieldset>
  );
}

/** Which of a kind: the seed of points, the target of a table. */
function Which({ about, data, set }: { about: About; data: Data; set(data: Data): void }) {
  switch (data.kind) {
    case "built-in": {
      const most = 2 ** 31 - 1;
      const seed = (seed: number) => set({ ...data, seed });
      return <Amount label="Drawn with seed" whole value={data.seed} least={0} most={most} set={seed} />;
    }
    case "table": {
      const columns = columnsOf(about, data.table, data.target);
      const target = (target: string) => set({ ...data, target });
      const options = columns.map((name) => [name, name] as const);
      return <Choice label="Target" value={data.target} options={options} set={target} />;
    }
    default:
      return null;
  }
}

function optionsOf(about: About, data: Data): [string, string][] {
  const tables = about.tables.map(({ table, name }): [string, string] => [table, name]);
  if (data.kind === "table" && !tables.some(([table]) => table === data.table))
    tables.push([data.table, data.name]);
  return [
    ...about.data_sets.map(({ name, title }): [string, string] => [name, title]),
    ...tables,
    [DRAWN, "Drawn by hand"],
  ];
}

function choose(lab: Props["lab"], name: string, about: About): void {
  lab.tool.value = 0;
  lab.restart({ data: dataOf(name, about) });
}

function dataOf(name: string, about: About): Data {
  if (name === DRAWN) return { kind: "points", points: FIRST };
  const seen = about.tables.find(({ table }) => table === name);
  if (seen) return { kind: "table", table: seen.table, name: seen.name, target: seen.target };
  return { kind: "built-in", name, seed: 1 };
}

function sentenceOf(about: About, data: Data): string {
  if (data.kind === "points") return "Put points into the plane, of both classes.";
  if (data.kind === "built-in") return about.data_sets.find(({ name }) => name === data.name)?.sentence ?? "";
  const seen = about.tables.find(({ table }) => table === data.table);
  return seen ? `${seen.rows.toLocaleString("en")} rows, ${seen.columns.length} columns.` : "";
}

function columnsOf(about: About, table: string, target: string): string[] {
  const seen = about.tables.find((each) => each.table === table);
  return seen ? seen.columns.map(({ name }) => name) : [target];
}

/** What Shoal made of a table's columns. */
function Notes({ lab }: Props) {
  const notes = lab.runs.value[0]?.data.value?.notes ?? [];
  if (!notes.length) return null;
  return (
    <details class="notes">
      <summary>{notes.length === 1 ? "1 note" : `${notes.length} notes`} on these data</summary>
      <ul>
        {notes.map((note) => (
          <li key={note}>{note}</li>
        ))}
      </ul>
    </details>
  );
}
