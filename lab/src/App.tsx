/** Guarantee: every part of the page has its place; what is wrong, and what has happened, is said. */

import { useEffect } from "preact/hooks";
import { Check } from "./Check";
import { Compare } from "./Compare";
import { CostCurve } from "./CostCurve";
import { Distributions } from "./Distributions";
import { Equations } from "./Equations";
import { Findings } from "./Findings";
import { closeLesson, Lesson, openStep } from "./Lesson";
import { Menu } from "./Menu";
import { Meters } from "./Meters";
import { Metrics } from "./Metrics";
import { NetworkView } from "./NetworkView";
import { Plane } from "./Plane";
import { Setup } from "./Setup";
import type { Props } from "./store";
import { TakeAway } from "./TakeAway";
import { TimeBar } from "./TimeBar";
import { ViewBar } from "./ViewBar";

export function App({ lab }: Props) {
  return (
    <div class="lab">
      <TopBar lab={lab} />
      <Lost lab={lab} />
      {lab.runs.value.length ? <Body lab={lab} /> : <p class="opening">The lab opens…</p>}
      <Message lab={lab} />
    </div>
  );
}

function TopBar({ lab }: Props) {
  const lesson = lab.lesson.value;
  return (
    <header class="top">
      <h1>Shoal lab</h1>
      <TimeBar lab={lab} />
      <nav aria-label="More">
        <Compare lab={lab} />
        <Menu title="Take away" part="take-away">
          <TakeAway lab={lab} />
        </Menu>
        <button
          type="button"
          aria-pressed={lesson !== null}
          onClick={() => (lesson === null ? openStep(lab, 0) : closeLesson(lab))}
        >
          Lesson
        </button>
      </nav>
    </header>
  );
}

function Body({ lab }: Props) {
  return (
    <main>
      <Lesson lab={lab} />
      <div class="desk">
        <section class="left" aria-label="What to try">
          <Setup lab={lab} />
        </section>
        <section class="centre" aria-label="What the network sees">
          <ViewBar lab={lab} />
          <Stage lab={lab} />
          <Distributions lab={lab} />
        </section>
        <section class="right" aria-label="How it goes">
          <CostCurve lab={lab} />
          <Metrics lab={lab} />
          <Findings lab={lab} />
          <Meters lab={lab} />
        </section>
        <div class="below">
          <div class="numbers">
            <Equations lab={lab} />
          </div>
          <Check lab={lab} />
        </div>
      </div>
      <Help />
    </main>
  );
}

/** The pictures of each run. */
function Stage({ lab }: Props) {
  const runs = lab.runs.value;
  return (
    <div class={runs.length > 1 ? "stage two" : "stage"}>
      {runs.map((run, index) => (
        <section
          key={index}
          class={run.error.value || lab.waiting.value ? "run stale" : "run"}
          aria-label={`Run ${index + 1}`}
        >
          {runs.length > 1 && <h2>Run {index + 1}</h2>}
          {run.error.value && <p class="error">{run.error.value}</p>}
          <Plane lab={lab} index={index} />
          <NetworkView lab={lab} index={index} />
        </section>
      ))}
    </div>
  );
}

function Help() {
  return (
    <p class="help quiet">
      Keys: <kbd>space</kbd> play and pause, <kbd>←</kbd> <kbd>→</kbd> one iteration back and forward,{" "}
      <kbd>Home</kbd> the start, <kbd>End</kbd> the last iteration seen, <kbd>↑</kbd> <kbd>↓</kbd> on a hidden
      unit the next one. All is computed on this machine.
    </p>
  );
}

function Lost({ lab }: Props) {
  return <div role="alert">{lab.lost.value && <p class="banner">{lab.lost.value}</p>}</div>;
}

const SHOWN = 5000; // milliseconds that a message stays

/** What has happened, for screen readers, and for a moment on the page. */
function Message({ lab }: Props) {
  const text = lab.message.value;
  useEffect(() => {
    if (!text) return;
    const timer = setTimeout(() => (lab.message.value = ""), SHOWN);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="message" role="status">
      {text && <p>{text}</p>}
    </div>
  );
}
