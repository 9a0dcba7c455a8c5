/**
 * Guarantee: what is on the screen becomes what is wanted, picture by picture, and no answer to an
 * old question is ever shown.
 *
 * One loop asks. While it plays, the next picture is asked for before the last one is drawn. What
 * takes longer, the findings and the fine picture, is asked for when there is time.
 */

import { batch, type Signal } from "@preact/signals";
import { LabError, type DataSeen, type Frame, type FrameQuestion, type Scenario } from "./protocol";
import type { Lab, Run } from "./store";

const PICTURE = 1000 / 30; // milliseconds between two pictures
const EARLY = 4; // milliseconds that a picture may come early: a screen has its own rhythm
const LATE = 100; // milliseconds that are made up for
const FIGURES = 200; // milliseconds, between two frames with all figures while playing
const FINDINGS = 500; // milliseconds, between two looks for findings while playing

/** What came for a run: a frame, or the sentence why there is none. */
type Answer = { frame: Frame; data: DataSeen } | { error: string };
interface Plan {
  goal: number;
  fine: boolean;
}
interface More {
  fine: boolean;
  figures: boolean;
  findings: boolean;
}
interface Asked extends Plan {
  version: number;
  answers: Promise<Answer[]>;
}

/** The lab with what only its time sets. */
export type Moving = Lab & { wanted: Signal<number>; seen: Signal<number> };

export class Time {
  private version = 0; // of what is asked: old answers are of a smaller one
  private shown: (Plan & { version: number }) | null = null; // what the screen answers
  private ahead: Asked | null = null;
  private running = false;
  private askedFor = { figures: 0, findings: 0 }; // when
  private due = 0; // when the next picture is
  private waiting: (() => void)[] = [];
  private frameOf = new WeakMap<Run, Scenario>();
  private keyOf = new WeakMap<DataSeen, string>();

  constructor(private readonly lab: Moving) {}

  /** What was asked is old: something else is looked at, or another run. */
  renew(): void {
    this.version += 1;
    void this.run();
  }

  /** Go to an iteration; the promise is kept when it is shown, or something else is wanted. */
  go(iteration: number): Promise<void> {
    this.lab.wanted.value = iteration;
    const there = new Promise<void>((resolve) => this.waiting.push(resolve));
    void this.run();
    return there;
  }

  async run(): Promise<void> {
    if (this.running) return;
    this.running = true;
    try {
      for (let plan = this.next(); plan; plan = this.next()) await this.follow(plan);
    } finally {
      this.running = false;
      for (const resolve of this.waiting.splice(0)) resolve();
    }
  }

  /** What to ask now, or null when all that is wanted is there. */
  private next(): Plan | null {
    const { playing, runs, iteration, speed } = this.lab;
    if (runs.peek().length === 0) return null;
    if (playing.peek()) return { goal: iteration.peek() + speed.peek(), fine: false };
    const goal = this.lab.wanted.peek();
    const shown = this.shown;
    if (shown?.version !== this.version || shown.goal !== goal) return { goal, fine: false };
    for (const resolve of this.waiting.splice(0)) resolve();
    return shown.fine ? null : { goal, fine: true };
  }

  private async follow(plan: Plan): Promise<void> {
    const version = this.version;
    const played = this.lab.playing.peek();
    const same = this.ahead?.version === version && this.ahead.goal === plan.goal && !plan.fine;
    const asked = same && this.ahead ? this.ahead : this.asked(plan);
    this.ahead = null;
    const answers = await asked.answers;
    if (version !== this.version) return;
    const changed = !this.lab.playing.peek() && this.lab.wanted.peek() !== plan.goal;
    if (changed && (played || plan.fine)) return; // stopped meanwhile; of a scrub, what is passed is shown
    this.show(answers, { ...plan, version });
    if (this.lab.playing.peek()) this.ahead = this.asked(this.next() ?? plan);
    await this.nextPicture();
  }

  private asked({ goal, fine }: Plan): Asked {
    const [now, playing, then] = [performance.now(), this.lab.playing.peek(), this.askedFor];
    const figures = !playing || now - then.figures > FIGURES;
    const findings = fine || (playing && now - then.findings > FINDINGS);
    this.askedFor = { figures: figures ? now : then.figures, findings: findings ? now : then.findings };
    const more = { fine, figures, findings };
    const answers = Promise.all(this.lab.runs.peek().map((run) => this.answer(run, goal, more)));
    return { goal, fine, version: this.version, answers };
  }

  private async answer(run: Run, goal: number, { fine, figures, findings }: More): Promise<Answer> {
    const scenario = run.scenario.peek();
    const before = this.before(run);
    const question: FrameQuestion = {
      scenario,
      iteration: goal,
      view: this.lab.view.peek(),
      map: mapSize(scenario.n_h, fine),
      units: unitSize(scenario.n_h, fine),
      figures: figures || !before,
      findings,
      known: before?.curve.iteration.at(-1) ?? -1,
    };
    try {
      const data = await this.data(run);
      return { data, frame: await this.lab.ask("frame", question) };
    } catch (error) {
      if (error instanceof LabError) return { error: error.message };
      throw error;
    }
  }

  /** The examples in the plane that is looked at; asked for when they are other ones. */
  private async data(run: Run): Promise<DataSeen> {
    const scenario = run.scenario.peek();
    const view = this.lab.view.peek();
    const { data, held_out, seed } = scenario;
    const key = JSON.stringify([data, held_out, held_out && seed, view]);
    const there = run.data.peek();
    if (there && this.keyOf.get(there) === key) return there;
    const seen = await this.lab.ask("data", { scenario, view });
    this.keyOf.set(seen, key);
    return seen;
  }

  private show(answers: Answer[], plan: Plan & { version: number }): void {
    batch(() => {
      this.lab.runs.peek().forEach((run, index) => {
        const answer = answers[index];
        if (answer) this.showOne(run, answer);
      });
      const frames = answers.flatMap((answer) => ("frame" in answer ? [answer.frame] : []));
      this.arrive(frames, plan);
    });
  }

  /** Say where the runs are. One that has ended stays behind; the other goes on. */
  private arrive(frames: Frame[], plan: Plan & { version: number }): void {
    const { iteration, wanted, seen, playing } = this.lab;
    const going = frames.filter((frame) => !frame.ended && frame.iteration !== plan.goal);
    const reached = (going.length ? going : frames).map((frame) => frame.iteration);
    const over = frames.every((frame) => frame.ended);
    iteration.value = reached.length ? Math.max(...reached) : plan.goal;
    seen.value = Math.max(seen.peek(), iteration.peek());
    if (playing.peek() || (over && wanted.peek() === plan.goal)) wanted.value = iteration.peek();
    if (over) playing.value = false;
    if (going.length) return;
    this.shown = { ...plan, goal: over ? iteration.peek() : plan.goal };
  }

  private showOne(run: Run, answer: Answer): void {
    if ("error" in answer) {
      run.error.value = answer.error;
      this.lab.playing.value = false;
      const before = this.frameOf.get(run);
      if (before && before.data !== run.scenario.peek().data) run.frame.value = null; // of other examples
      return;
    }
    const before = this.before(run);
    this.frameOf.set(run, run.scenario.peek());
    if (answer.data.features.length <= 2) this.plainView(answer.data.features.length);
    run.error.value = "";
    run.data.value = answer.data;
    run.frame.value = joined(answer.frame, before);
  }

  /** One or two features are looked at as they are: there is nothing to project. */
  private plainView(features: number): void {
    const { view } = this.lab;
    if (view.peek().kind === "pair") return;
    view.value = { kind: "pair", x: 0, y: features - 1 };
    this.version += 1;
  }

  /** The frame that is shown of a run as it is now. */
  private before(run: Run): Frame | null {
    return this.frameOf.get(run) === run.scenario.peek() ? run.frame.peek() : null;
  }

  /** Wait until the next picture is due; it follows soon where the last ones were late. */
  private async nextPicture(): Promise<void> {
    let now = await nextFrame();
    while (now < this.due - EARLY) now = await nextFrame();
    this.due = Math.max(this.due + PICTURE, now - LATE);
  }
}

const nextFrame = () => new Promise<number>((resolve) => requestAnimationFrame(resolve));

/** A frame with what an earlier one of the same run knew. */
function joined(frame: Frame, before: Frame | null): Frame {
  if (!before) return frame;
  return {
    ...frame,
    curve: longer(before.curve, frame.curve),
    distributions: frame.distributions ?? before.distributions,
    meters: frame.meters ?? before.meters,
    findings: frame.findings ?? before.findings,
  };
}

/** A cost curve and what comes after it. */
function longer(known: Frame["curve"], more: Frame["curve"]): Frame["curve"] {
  if (!more.iteration.length) return known;
  return {
    iteration: [...known.iteration, ...more.iteration],
    cost: [...known.cost, ...more.cost],
    held_out_cost: [...known.held_out_cost, ...more.held_out_cost],
  };
}

/** Columns and rows of the picture of A2; with many units each place takes long. */
function mapSize(n_h: number, fine: boolean): number {
  if (fine) return 120;
  return n_h > 50 ? 45 : 60;
}

/** Columns and rows of the picture of a hidden unit: the more of them, the smaller each is drawn. */
function unitSize(n_h: number, fine: boolean): number {
  if (n_h > 50) return 12;
  if (n_h > 16) return 20;
  return fine ? 48 : 24;
}
