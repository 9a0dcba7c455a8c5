/** Guarantee: time can be played, stopped, stepped and scrubbed, both ways, by mouse and by keys. */

import type { Props } from "./store";

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
  const playing = lab.playing.value;
  const shown = lab.iteration.value;
  const wanted = playing ? shown : lab.wanted.value;
  return (
    <div class="time" role="group" aria-label="Time" data-part="time">
      <button type="button" aria-label="One iteration back" title="One iteration back (left arrow)" disabled={wanted === 0} onClick={() => void lab.step(-1)}>
        <Icon name="back" />
      </button>
      <button
        type="button"
        class="main"
        aria-label={playing ? "Pause" : "Play"}
        title={`${playing ? "Pause" : "Play"} (space)`}
        onClick={() => (playing ? lab.pause() : lab.play())}
      >
        <Icon name={playing ? "pause" : "play"} />
      </button>
      <button type="button" aria-label="One iteration forward" title="One iteration forward (right arrow)" onClick={() => void lab.step(1)}>
        <Icon name="forward" />
      </button>
      <Scrub lab={lab} wanted={wanted} />
      {wanted !== shown && (
        <span class="quiet going">
          at {shown.toLocaleString("en")}{" "}
          <button type="button" onClick={() => lab.pause()}>Stop</button>
        </span>
      )}
      <label title="Iterations in a picture">
        <span class="quiet">Speed</span>{" "}
        <select value={lab.speed.value} onChange={(event) => (lab.speed.value = Number(event.currentTarget.value))}>
          {SPEEDS.map((speed) => <option key={speed} value={speed}>{speed} a picture</option>)}
        </select>
      </label>
    </div>
  );
}

function Scrub({ lab, wanted }: Props & { wanted: number }) {
  const go = (text: string) => {
    if (/^\d+$/.test(text)) void lab.go(Number(text));
  };
  return (
    <>
      <input
        type="range"
        class="scrub"
        aria-label="Iteration, to scrub"
        min={0}
        max={end(Math.max(lab.seen.value, wanted))}
        value={wanted}
        onInput={(event) => go(event.currentTarget.value)}
      />
      <label class="iteration">
        <span class="quiet">Iteration</span>{" "}
        <input
          type="number"
          min={0}
          step={1}
          data-value={String(lab.iteration.value)}
          value={wanted}
          onChange={(event) => go(event.currentTarget.value)}
        />
      </label>
    </>
  );
}
