/**
 * Guarantee: what is typed stays while one types; when it is left it is taken, or a sentence beside
 * the field says why not.
 */

import { useSignal } from "@preact/signals";

interface Entry {
  label: string;
  value: number | null; // null is an empty field
  least: number;
  most: number;
  whole?: boolean;
  until?: unknown; // a refusal is said until this changes; without it, the value
  set(value: number): void;
  clear?(): void; // what an empty field means, if anything
}

/** Return what makes an input an entry of a number, and the sentence that refuses the last one. */
export function useEntry({ label, value, least, most, whole, until = value, set, clear }: Entry) {
  const draft = useSignal<string | null>(null);
  const refused = useSignal<{ typed: string; value: unknown; until: unknown } | null>(null);
  const take = (field: HTMLInputElement) => {
    const typed = field.valueAsNumber;
    const empty = clear && field.value === "" && !field.validity.badInput;
    const good = typed >= least && typed <= most && !(whole && !Number.isInteger(typed));
    draft.value = null;
    refused.value = good || empty ? null : { typed: field.value || "what was typed", value, until };
    if (refused.value) field.value = String(value ?? ""); // what is no number at all is not seen by scripts
    else if (empty) clear();
    else set(typed);
  };
  const now = refused.value?.until === until ? refused.value : null;
  return {
    field: {
      type: "number",
      min: least,
      max: most,
      value: draft.value ?? value ?? "",
      "aria-invalid": now !== null,
      onFocus: () => (draft.value = String(value ?? "")), // else what is selected goes with the next picture
      onInput: (event: { currentTarget: HTMLInputElement }) => (draft.value = event.currentTarget.value),
      onChange: (event: { currentTarget: HTMLInputElement }) => take(event.currentTarget),
      onBlur: () => (draft.value = null),
    },
    refusal: now && (
      <p class="error" role="alert">
        {label}: {now.typed} is not a {whole ? "whole number" : "number"} from {least} to{" "}
        {most.toLocaleString("en")}.{now.value === value && ` It stays ${value ?? "empty"}.`}
      </p>
    ),
  };
}
