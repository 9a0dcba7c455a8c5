/** Guarantee: time can be played, stopped, stepped and scrubbed, both ways, by mouse and by keys. */

import { useComputed } from "@preact/signals";
import { useEntry } from "./entry";
import type { Props } from "./store";

const LAST = 2 ** 31 - 1; // iteration that Shoal counts to
const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200];
const SPANS = [1, 2, 5]; // times a power of ten: where the slider may end

/** The last iteration of the slider: there is always more of it than was seen. */
function end(seen: number): number {
  const least = Math.max(1000, seen + 1);
  const power = 10 ** Math.floor(Math.log10(least));
  return power * (SPANS.find((span) => span * power >= least) ?? 10);
}

const ICONS = {
  back: "M14 4 6 10l8 6zM4 4h2v12H4z",
  play: "M5 3l11 7-11 7z",
  pause: "M5 3h4v14H5zM11 3h4v14h-4z",
  forward: "M6 4l8 6-8 6zM14 4h2v12h-2z",
};
function Icon({ name }: { name: keyof typeof ICONS }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={ICONS[name]} />
    </svg>
  );
}

export function TimeBar({ lab }: Props) {
  return (
    <div class="time" role="group" aria-label="Time" data-part="time">
      <Buttons lab={lab} />
      <Scrub lab={lab} />
      <Going lab={lab} />
      <label title="Iterations in a picture, of which there are at most 30 a second">
        <span class="quiet">Speed</span>{" "}
        <select
          value={lab.speed.value}
          onChange={(event) => (lab.speed.value = Number(event.currentTarget.value))}
        >
          {SPEEDS.map((speed) => (
            <option key={speed} value={speed}>
              ×{speed}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}

/** Where it is to go. */
function useWanted({ playing, iteration, wanted }: Props["lab"]) {
  return useComputed(() => (playing.value ? iteration.value : wanted.value));
}

function Going({ lab }: Props) {
  const wanted = useWanted(lab);
  if (useComputed(() => wanted.value === lab.iteration.value).value) return null;
  return (
    <span class="quiet going">
      at {lab.iteration.value.toLocaleString("en")}{" "}
      <button type="button" onClick={() => lab.pause()}>
        Stop
      </button>
    </span>
  );
}

interface IconButtonProps {
  icon: keyof typeof ICONS;
  name: string;
  keyName: string;
  main?: boolean;
  disabled?: boolean;
  act(): void;
}

function IconButton({ icon, name, keyName, main, disabled, act }: IconButtonProps) {
  return (
    <button
      type="button"
      class={main ? "main" : undefined}
      aria-label={name}
      title={`${name} (${keyName})`}
      disabled={disabled}
      onClick={act}
    >
      <Icon name={icon} />
    </button>
  );
}

function Buttons({ lab }: Props) {
  const wanted = useWanted(lab);
  const first = useComputed(() => wanted.value === 0).value;
  const playing = lab.playing.value;
  const [icon, name] = playing ? (["pause", "Pause"] as const) : (["play", "Play"] as const);
  const step = (by: 1 | -1) => () => void lab.step(by);
  return (
    <>
      <IconButton
        icon="back"
        name="One iteration back"
        keyName="left arrow"
        disabled={first}
        act={step(-1)}
      />
      <IconButton icon={icon} name={name} keyName="space" main act={playing ? lab.pause : lab.play} />
      <IconButton icon="forward" name="One iteration forward" keyName="right arrow" act={step(1)} />
    </>
  );
}

function Scrub({ lab }: Props) {
  const wanted = useWanted(lab).value;
  const go = (iteration: number) => void lab.go(iteration);
  const { field, refusal } = useEntry({
    label: "Iteration", value: wanted, least: 0, most: LAST, whole: true, until: lab.playing.value, set: go,
  }); // prettier-ignore
  return (
    <>
      <input
        type="range"
        class="scrub"
        aria-label="Iteration, to scrub"
        min={0}
        max={end(Math.max(lab.seen.value, wanted))}
        value={wanted}
        onInput={(event) => go(event.currentTarget.valueAsNumber)}
      />
      <label class="iteration">
        <span class="quiet">Iteration</span>{" "}
        <input {...field} step={1} data-value={String(lab.iteration.value)} />
      </label>
      {refusal}
    </>
  );
}
