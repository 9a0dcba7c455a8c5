/**
 * Guarantee: the page mounts itself at #lab; in a notebook the same page mounts into a widget.
 *
 * The address always holds what is shown; that of a notebook is not the page's own.
 */

import "./app.css";
import "./parts.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { App } from "./App";
import { onKey } from "./keys";
import { begin, createLab, openLink } from "./lab";
import { written } from "./link";
import { overModel, type Model } from "./widget";

function page(place: HTMLElement): void {
  const lab = createLab();
  render(<App lab={lab} />, place);
  document.addEventListener("keydown", (event) => onKey(lab, event));
  void begin(lab, location.hash).then(() => {
    keepAddress(lab);
    window.addEventListener("hashchange", () => openLink(lab, location.hash));
  });
}

const [SOON, SELDOM] = [300, 5000]; // milliseconds: a browser takes its time to change an address

/** Write what is shown into the address: soon after a change, and now and then while it plays. */
function keepAddress(lab: ReturnType<typeof createLab>): void {
  let timer = 0;
  const write = () => {
    timer = 0;
    history.replaceState(null, "", `#${written(lab.state())}`);
  };
  effect(() => {
    lab.state(); // whose change is waited for
    const playing = lab.playing.value;
    if (timer && playing) return;
    clearTimeout(timer);
    timer = window.setTimeout(write, playing ? SELDOM : SOON);
  });
}

const place = document.getElementById("lab");
if (place) page(place);

/** The widget's half of a notebook's lab. */
function widget({ model, el }: { model: Model; el: HTMLElement }): () => void {
  let close = () => {};
  const lab = createLab((tell) => {
    const connection = overModel(model, tell);
    close = connection.close;
    return connection.ask;
  }, false);
  render(<App lab={lab} />, el);
  el.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab hears keys before the lab does
  const heard = (event: KeyboardEvent) => {
    onKey(lab, event);
    if (!event.ctrlKey && !event.metaKey && !event.altKey) event.stopPropagation(); // no notebook's shortcut
  };
  el.addEventListener("keydown", heard);
  void begin(lab, "");
  return () => {
    lab.pause();
    el.removeEventListener("keydown", heard);
    render(null, el);
    close();
  };
}

export default { render: widget };
