/** Guarantee: a table that is dropped on the page, or chosen, is read; what is wrong with it is said. */

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { LabError } from "./protocol";
import type { Props } from "./store";

const MIB = 2 ** 20;

/** What reads a file, the file that it reads, and what was wrong with the last one. */
function useReading({ lab }: Props) {
  const busy = useSignal("");
  const error = useSignal("");
  const read = async (files: FileList | null) => {
    const file = files?.[0];
    if (!file) return;
    const now = busy.peek();
    error.value = files.length > 1 ? `These are ${files.length} files: drop one table.` : "";
    if (now) error.value = `${file.name} is not read, as ${now} is being read: drop it again after that.`;
    if (error.value) return;
    busy.value = file.name;
    try {
      await lab.drop(file);
      lab.message.value = `${file.name} is read: choose the target, the column to predict.`;
    } catch (failure) {
      error.value = failure instanceof LabError ? failure.message : `${file.name} could not be read.`;
    }
    busy.value = "";
  };
  return { busy, error, read };
}

export function DropZone({ lab }: Props) {
  const place = useRef<HTMLElement>(null);
  const over = useSignal(false);
  const { busy, error, read } = useReading({ lab });
  useEffect(() => (place.current ? listen(place.current, over, read) : undefined), []);
  const limit = lab.about.value?.limits.bytes ?? 0;
  return (
    <section class="drop-zone" aria-label="Your table" data-part="drop" ref={place}>
      <b aria-hidden="true">Your table</b>
      <p class="quiet">
        CSV or Parquet, at most {Math.floor(limit / MIB)} MiB. Drop it anywhere on the page; it stays
        on this machine.
      </p>
      <label class="file button">
        Choose a file
        <input
          type="file"
          class="unseen"
          accept=".csv,.tsv,.txt,.parquet"
          onChange={(event) => {
            const field = event.currentTarget;
            void read(field.files).then(() => (field.value = "")); // the same file may come again
          }}
        />
      </label>
      {busy.value && <p role="status">Reading {busy.value}.</p>}
      {error.value && <p class="error" role="alert">{error.value}</p>}
      {over.value && <div class="drop-here">Drop the table here</div>}
    </section>
  );
}

/** The whole page takes a file; in a notebook, which has drops of its own, the lab alone does. */
function listen(place: Element, over: { value: boolean }, read: (files: FileList) => void): () => void {
  const root: EventTarget = place.closest("#lab") ? window : (place.closest(".lab") ?? place);
  const onDrag = (event: Event) => {
    if (!(event instanceof DragEvent) || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    over.value = event.type !== "drop" && (event.type !== "dragleave" || event.relatedTarget !== null);
    if (event.type === "drop") read(event.dataTransfer.files);
  };
  const kinds = ["dragenter", "dragover", "dragleave", "drop"];
  kinds.forEach((kind) => root.addEventListener(kind, onDrag));
  return () => kinds.forEach((kind) => root.removeEventListener(kind, onDrag));
}
