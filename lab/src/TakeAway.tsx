/** Guarantee: what is seen can be taken away: as a link, as code, as a model, as pictures. */

import { useSignal, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { asPng, asSvg, pictureOf, save, type Picture } from "./pictures";
import { LabError, type Questions } from "./protocol";
import type { Lab, Props } from "./store";

type What = Questions["take"][0]["what"];
const FILES: [What, string, string][] = [
  ["script", "Python script", "trains to this iteration, to the same bits"],
  ["notebook", "Notebook", "the same, part by part"],
  ["model", "Model file", "for shoal predict"],
];
const PICTURES: [Picture, "svg" | "png", string][] = [
  ["network", "svg", "Network, SVG"],
  ["curve", "svg", "Cost curve, SVG"],
  ["plane", "png", "Plane, PNG"],
];

export function TakeAway({ lab }: Props) {
  const place = useRef<HTMLElement>(null);
  const error = useSignal("");
  const index = useSignal(0);
  const tried = (work: () => Promise<string>) => async () => {
    try {
      error.value = "";
      lab.message.value = `${await work()} is saved.`;
    } catch (failure) {
      error.value = failure instanceof LabError ? failure.message : "That could not be made.";
    }
  };
  return (
    <section class="take-away" aria-labelledby={`${lab.id}-take`} data-part="take" ref={place}>
      <h2 id={`${lab.id}-take`}>Take away</h2>
      <Link lab={lab} />
      {lab.runs.value.length > 1 && <RunChoice lab={lab} index={index} />}
      <ul>
        {FILES.map(([what, title, note]) => (
          <li>
            <button type="button" onClick={tried(() => take(lab, what, index.value))}>
              {title}
            </button>{" "}
            <span class="quiet">{note}</span>
          </li>
        ))}
      </ul>
      <ul class="pictures">
        {PICTURES.map(([name, form, title]) => (
          <li>
            <button type="button" onClick={tried(() => picture(place.current, name, form, index.value))}>
              {title}
            </button>
          </li>
        ))}
      </ul>
      {error.value && <p class="error" role="alert">{error.value}</p>}
    </section>
  );
}

/** Save a picture of the page, and return the file's name. */
async function picture(from: Element | null, name: Picture, form: "svg" | "png", index: number): Promise<string> {
  const root = from?.closest(".lab");
  const found = root && pictureOf(root, name, index);
  if (!found) throw new LabError("This picture is not on the page now.");
  const file = `shoal_${name}.${form}`;
  save(form === "svg" ? asSvg(found) : await asPng(found), file);
  return file;
}

/** Save what Shoal makes of a run, and return the file's name. */
async function take(lab: Lab, what: What, index: number): Promise<string> {
  const run = lab.runs.peek()[index] ?? lab.runs.peek()[0];
  if (!run) throw new LabError("There is no network yet.");
  const iteration = run.frame.peek()?.iteration ?? lab.iteration.peek();
  const taken = await lab.ask("take", { scenario: run.scenario.peek(), iteration, what });
  const bytes = Uint8Array.from(atob(taken.content), (letter) => letter.charCodeAt(0));
  save(new Blob([bytes], { type: taken.type }), taken.name);
  return taken.name;
}

function RunChoice({ lab, index }: { lab: Lab; index: Signal<number> }) {
  return (
    <div class="segments" role="group" aria-label="Of which run">
      {lab.runs.value.map((_, i) => (
        <button type="button" aria-pressed={index.value === i} onClick={() => (index.value = i)}>
          Run {i + 1}
        </button>
      ))}
    </div>
  );
}

/** In a notebook there is no address to copy. */
function Link({ lab }: Props) {
  const byHand = useSignal("");
  const copy = async () => {
    const link = lab.link();
    try {
      await navigator.clipboard.writeText(link);
      byHand.value = "";
      lab.message.value = "The link is copied.";
    } catch {
      byHand.value = link; // the browser does not allow it: it can be copied from the field
    }
  };
  if (!lab.link()) return null;
  return (
    <p>
      <button type="button" onClick={copy}>
        Copy the link
      </button>{" "}
      <span class="quiet">It opens exactly this, on this machine.</span>
      {byHand.value && (
        <label>
          Copy it from here
          <input
            readOnly
            value={byHand.value}
            ref={(field) => field?.select()}
            onFocus={(event) => event.currentTarget.select()}
          />
        </label>
      )}
    </p>
  );
}
