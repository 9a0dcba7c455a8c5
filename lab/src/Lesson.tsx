/** Guarantee: the lesson can be gone through from start to end, by keys alone, and left at any step. */

import { useEffect, useRef } from "preact/hooks";
import { Prose } from "./formula";
import { STEPS, type LessonStep, type Task } from "./steps";
import { Num, percent } from "./numbers";
import type { Actions, Lab, Props } from "./store";

/** Go to a step, from 0, and open what it is about. */
export function openStep(lab: Lab & Actions, index: number) {
  const step = STEPS[index];
  if (!step) return;
  lab.open({ ...step.state, lesson: index });
  lab.symbol.value = null;
  lab.message.value = `Step ${index + 1} of ${STEPS.length}: ${step.title}.`;
}

export function Lesson({ lab }: Props) {
  const place = useRef<HTMLElement>(null);
  const index = lab.lesson.value;
  const step = index === null ? undefined : STEPS[index];
  useEffect(() => {
    // Where a link was opened nobody has gone anywhere yet. A new step begins at its title and
    // its pictures, however far down the last one has led.
    if (document.activeElement === document.body) return;
    place.current?.querySelector("h2")?.focus({ preventScroll: true });
    const page = place.current?.parentElement;
    if (page && page.getBoundingClientRect().top < 0) page.scrollIntoView();
  }, [index]);
  if (index === null || !step) return null;
  return (
    <section class="lesson" aria-labelledby={`${lab.id}-lesson`} data-part="lesson" ref={place} data-step={index + 1}>
      <h2 id={`${lab.id}-lesson`} tabIndex={-1}>
        <span class="quiet">
          Lesson, {index + 1} of {STEPS.length}
        </span>{" "}
        {step.title}
      </h2>
      <div class="lesson-text">
        {step.text.map((text) => (
          <p key={text}>
            <Prose lab={lab} text={text} />
          </p>
        ))}
      </div>
      <Tasks key={index} lab={lab} step={step} />
      <Ways lab={lab} index={index} />
    </section>
  );
}

function Tasks({ lab, step }: { lab: Lab & Actions; step: LessonStep }) {
  const place = useRef<HTMLOListElement>(null);
  const doIt = async (task: Task) => {
    const part = place.current?.closest(".lab")?.querySelector(`[data-part="${task.at}"]`) ?? null;
    bringIntoSight(part);
    await task.run(lab, part);
    lab.message.value = task.see;
  };
  return (
    <ol class="tasks" ref={place}>
      {step.tasks.map((task) => (
        <li key={task.button}>
          <button type="button" onClick={() => void doIt(task)}>
            {task.button}
          </button>
          <span>{task.see}</span>
        </li>
      ))}
    </ol>
  );
}

/** What is in sight stays where it is; what lies elsewhere, as nearly all does on a phone, is gone to. */
function bringIntoSight(part: Element | null): void {
  if (!part) return;
  const { top, bottom } = part.getBoundingClientRect();
  const hidden = top < parseFloat(getComputedStyle(part).scrollMarginTop); // by what stays at the top
  const below = bottom > innerHeight && top > 0.6 * innerHeight;
  if (hidden || below) part.scrollIntoView();
}

/** What is seen now, to be held against what the step says. */
function Now({ lab }: Props) {
  const runs = lab.runs.value;
  return (
    <p class="now">
      Iteration {lab.told.value.toLocaleString("en")}.{" "}
      {runs.map((run, i) => {
        const frame = run.figures.value;
        return (
          frame && (
            <span key={i} data-run={i + 1}>
              {runs.length > 1 && `Run ${i + 1}: `}
              <i>J</i> = <Num value={frame.cost} />, {percent(frame.accuracy)} right.{" "}
            </span>
          )
        );
      })}
    </p>
  );
}

function Ways({ lab, index }: { lab: Lab & Actions; index: number }) {
  return (
    <div class="ways">
      <button type="button" disabled={index === 0} onClick={() => openStep(lab, index - 1)}>
        Step back
      </button>
      <button
        type="button"
        class="main"
        onClick={() => (index + 1 < STEPS.length ? openStep(lab, index + 1) : closeLesson(lab))}
      >
        {index + 1 < STEPS.length ? "Next step" : "End the lesson"}
      </button>
      <Now lab={lab} />
      <label>
        Step{" "}
        <select value={index} onChange={(event) => openStep(lab, Number(event.currentTarget.value))}>
          {STEPS.map(({ title }, i) => (
            <option key={title} value={i}>
              {i + 1} {title}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => closeLesson(lab)}>
        Close
      </button>
    </div>
  );
}

export function closeLesson(lab: Lab) {
  lab.lesson.value = null;
  lab.message.value = "The lesson is closed; the lesson button opens it again.";
}
