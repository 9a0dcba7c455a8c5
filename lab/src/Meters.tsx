/** Guarantee: the two ways in which a hidden layer does not learn, symmetry and saturation, as meters. */

import { percent } from "./numbers";
import type { Frame } from "./protocol";
import type { Props } from "./store";
import { EachRun } from "./runs";

export function Meters({ lab }: Props) {
  return (
    <section class="meters" aria-labelledby={`${lab.id}-meters`} data-part="meters">
      <h2 id={`${lab.id}-meters`}>Meters</h2>
      <EachRun
        lab={lab}
        show={(run) => {
          const meters = run.figures.value?.meters;
          return meters && <Three meters={meters} n_h={run.scenario.value.n_h} />;
        }}
      />
    </section>
  );
}

function Three({ meters, n_h }: { meters: NonNullable<Frame["meters"]>; n_h: number }) {
  const { distinct, saturated, dead } = meters;
  return (
    <>
      <Meter
        title="Distinct units"
        share={distinct / n_h}
        value={distinct}
        says={`${distinct} of ${n_h}`}
        bad={distinct * 2 <= n_h && n_h > 1}
        sentence={ofDistinct(distinct, n_h)}
      />
      {saturated !== null && (
        <Meter
          title="Saturated"
          share={saturated}
          value={saturated}
          says={percent(saturated)}
          bad={false}
          sentence={ofSaturated(saturated)}
        />
      )}
      {dead !== null && (
        <Meter
          title="Dead units"
          share={dead}
          value={dead}
          says={`${Math.round(dead * n_h)} of ${n_h}`}
          bad={dead >= 0.25}
          sentence={ofDead(Math.round(dead * n_h))}
        />
      )}
    </>
  );
}

function ofDistinct(distinct: number, n_h: number): string {
  if (n_h === 1) return "There is one unit, and no copy that it could stay like.";
  if (distinct === n_h) return "Every hidden unit computes something of its own.";
  if (distinct === 1) return "All hidden units are copies: together they are worth one.";
  return "Some hidden units are copies of others, and stay copies.";
}

function ofSaturated(share: number): string {
  if (share > 0.5) {
    return "Most activations lie on a flat end, where the slope is near zero. That does harm while the cost is high, and none in a network that has learned.";
  }
  if (share < 0.005) return "Hardly any activation lies on a flat end.";
  return `${percent(share)} of the activations lie on a flat end, where the slope is near zero: those hardly change.`;
}

function ofDead(dead: number): string {
  if (!dead) return "Every unit is awake for some example.";
  return dead === 1
    ? "It is zero for every example, and nothing can wake it."
    : "They are zero for every example, and nothing can wake them.";
}

interface MeterProps {
  title: string;
  share: number;
  value: number;
  says: string;
  bad: boolean;
  sentence: string;
}

function Meter({ title, share, value, says, bad, sentence }: MeterProps) {
  return (
    <div class={bad ? "meter bad" : "meter"}>
      <div class="meter-head">
        <span>{title}</span> <b data-value={String(value)}>{says}</b>
      </div>
      <div
        class="meter-bar"
        role="meter"
        aria-label={title}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.round(100 * share)}
        aria-valuetext={says}
      >
        <div style={{ width: `${100 * share}%` }} />
      </div>
      <p class="quiet">{sentence}</p>
    </div>
  );
}
