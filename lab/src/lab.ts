/** Guarantee: the actions of the page; each leaves its state whole, and asks for what it shows. */

import { batch, signal } from "@preact/signals";
import { overHttp, type Tell } from "./ask";
import { read, written } from "./link";
import { LabError, type Ask, type Data, type Scenario, type TableData } from "./protocol";
import { beside, branched, described, firstView, restarted } from "./scenario";
import { keepReading } from "./reading";
import type { Actions, Lab, LinkState, Run } from "./store";
import { base64Of } from "./tables";
import { Time, type Moving } from "./time";

type All = Lab & Actions;

let labs = 0;

/** Return the lab behind one page; `address` says whether the page's address is its own. */
export function createLab(connect: (tell: Tell) => Ask = overHttp, address = true): All {
  const lost = signal("");
  const lab: Moving = {
    id: `shoal-lab-${(labs += 1)}`,
    about: signal(null),
    runs: signal([]),
    iteration: signal(0),
    told: signal(0),
    wanted: signal(0),
    seen: signal(0),
    playing: signal(false),
    speed: signal(1),
    view: signal({ kind: "pair", x: 0, y: 1 }),
    symbol: signal(null),
    unit: signal(null),
    example: signal(null),
    lost,
    lesson: signal(null),
    part: signal("forward"),
    explained: signal(0),
    tool: signal(0),
    waiting: signal(null),
    message: signal(""),
    ask: connect((sentence) => {
      lost.value = sentence;
    }),
  };
  const time = new Time(lab);
  keepReading(lab);
  return Object.assign(lab, running(lab, time), changing(lab, time), opening(lab, time, address));
}

/** The actions that go through time. */
function running(lab: Moving, time: Time): Pick<Actions, "play" | "pause" | "go" | "step"> {
  const pause = () => {
    lab.playing.value = false;
    lab.wanted.value = lab.iteration.peek();
    void time.run();
  };
  const go = (iteration: number) => {
    lab.playing.value = false;
    return time.go(Math.max(0, Math.round(iteration)));
  };
  const play = () => {
    const ended = lab.runs.peek().map((run) => run.frame.peek()?.ended);
    const why = ended.find(Boolean);
    if (why && ended.every(Boolean)) lab.message.value = `There is no further iteration: ${why}`;
    else lab.playing.value = true;
    void time.run();
  };
  return { play, pause, go, step: (by) => go((lab.playing.peek() ? lab.iteration : lab.wanted).peek() + by) };
}

/** The actions that change a run, or how it is looked at. */
function changing(lab: Moving, time: Time): Pick<Actions, "restart" | "branch" | "compare" | "look"> {
  const from = (iteration: number) => {
    lab.wanted.value = lab.seen.value = lab.iteration.value = lab.told.value = iteration;
    time.renew();
  };
  return {
    restart: (changes, index = 0) =>
      batch(() => {
        restart(lab, changes, index);
        from(0);
      }),
    branch: (changes, index = 0) =>
      batch(() => {
        const run = lab.runs.peek()[index];
        if (!run) return;
        const at = run.frame.peek()?.iteration ?? lab.iteration.peek();
        const dropped = run.scenario.peek().changes.filter((change) => change.at > at).map((change) => change.at);
        const rest = dropped.length ? ` What was changed at ${dropped.join(", ")} is no more.` : "";
        run.scenario.value = branched(run.scenario.peek(), at, changes);
        lab.message.value = `From iteration ${at} on: ${described(changes)}.${rest}`;
        from(at);
      }),
    compare(changes) {
      const first = lab.runs.peek()[0];
      if (!first) return;
      const second = changes && makeRun(beside(first.scenario.peek(), changes));
      lab.runs.value = second ? [first, second] : [first];
      lab.message.value = second ? "A second run stands beside the first." : "The second run is closed.";
      time.renew();
    },
    look(view) {
      lab.view.value = view;
      time.renew();
    },
  };
}

/** Begin a run anew. Two runs side by side have the same examples, so these change in both. */
function restart(lab: Moving, changes: Partial<Scenario>, index: number): void {
  const before = lab.runs.peek()[0]?.scenario.peek().data;
  const shared = examplesOf(changes);
  if (changes.data) lab.waiting.value = null;
  lab.runs.peek().forEach((run, each) => {
    const mine = each === index ? changes : shared;
    if (each !== index && !Object.keys(shared).length) return;
    run.scenario.value = restarted(run.scenario.peek(), lab.iteration.peek(), mine);
  });
  if (changes.data && !sameAxes(changes.data, before)) lab.view.value = firstView(changes.data);
  if (Object.keys(shared).length) lab.example.value = null;
  if ((lab.unit.peek() ?? -1) >= (changes.n_h ?? Infinity)) lab.unit.value = null;
  const what = described(changes);
  lab.message.value = what ? `Started anew: ${what}.` : "Started anew.";
}

/** The actions that take a whole state, and give it. */
function opening(
  lab: Moving,
  time: Time,
  address: boolean,
): Pick<Actions, "open" | "drop" | "state" | "link"> {
  const actions: Pick<Actions, "open" | "drop" | "state" | "link"> = {
    open(state) {
      batch(() => {
        lab.playing.value = false;
        lab.waiting.value = null;
        lab.runs.value = state.runs.map(makeRun);
        lab.view.value = state.view;
        lab.example.value = state.example;
        lab.unit.value = state.unit;
        lab.lesson.value = state.lesson;
        lab.iteration.value = lab.wanted.value = lab.seen.value = state.iteration;
        time.renew();
      });
    },
    async drop(file) {
      const data = await tableOf(lab, file);
      (lab as All).restart({ data, ...lab.about.peek()?.of_a_table });
    },
    state: () => ({
      runs: lab.runs.value.map((run) => run.scenario.value),
      iteration: lab.iteration.value,
      view: lab.view.value,
      example: lab.example.value,
      unit: lab.unit.value,
      lesson: lab.lesson.value,
    }),
    link: () => (address ? `${location.href.replace(/#.*/, "")}#${written(actions.state())}` : ""),
  };
  return actions;
}

/** Read a file as a table, which from now on is among those that there are. */
async function tableOf(lab: Moving, file: File): Promise<TableData> {
  const limit = lab.about.peek()?.limits.bytes ?? Infinity;
  if (file.size > limit) {
    const most = Math.floor(limit / 2 ** 20);
    throw new LabError(`${file.name} has more than ${most} MiB: give some of its rows, or use shoal train.`);
  }
  const seen = await lab.ask("table", { name: file.name, content: await base64Of(file) });
  const about = lab.about.peek();
  if (about) {
    const others = about.tables.filter((each) => each.table !== seen.table);
    lab.about.value = { ...about, tables: [...others, seen] };
  }
  return { kind: "table", table: seen.table, name: seen.name, target: seen.target };
}

/** Learn what there is, and open with the link or with what Shoal opens with. */
export async function begin(lab: All, hash: string): Promise<void> {
  const about = await lab.ask("about", {});
  lab.about.value = about;
  if (!openLink(lab, hash)) lab.open(firstState(about.start));
}

/** Open a link; false where there is none, or it is damaged, which is said. */
export function openLink(lab: All, hash: string): boolean {
  try {
    const state = read(hash);
    if (state) lab.open(state);
    return state !== null;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    lab.message.value = error.message;
    return false;
  }
}

function firstState(scenario: Scenario): LinkState {
  const view = firstView(scenario.data);
  return { runs: [scenario], iteration: 0, view, example: null, unit: null, lesson: null };
}

function makeRun(scenario: Scenario): Run {
  return {
    scenario: signal(scenario),
    data: signal(null),
    frame: signal(null),
    figures: signal(null),
    error: signal(""),
  };
}

function sameAxes(data: Data, before: Data | undefined): boolean {
  if (data.kind === "table") return before?.kind === "table" && before.table === data.table;
  return before !== undefined && before.kind !== "table";
}

/** Of changes, those that two runs side by side have in common. */
function examplesOf({ data, held_out, seed }: Partial<Scenario>): Partial<Scenario> {
  return Object.fromEntries(
    Object.entries({ data, held_out, seed }).filter(([, value]) => value !== undefined),
  );
}
