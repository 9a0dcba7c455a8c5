/** Guarantee: any weight that is drawn can be chosen, read in full, and set by hand. */

import { useSignal, type Signal } from "@preact/signals";
import { nameOf, type Layout } from "./networkLayout";
import type { Frame } from "./protocol";
import type { RunProps } from "./store";

interface Weight {
  name: string;
  value: number;
  place: number;
}
interface FormProps extends RunProps {
  layout: Layout;
  chosen: Signal<number | null>;
}

export function WeightForm({ lab, index, layout, chosen }: FormProps) {
  const frame = lab.runs.value[index]?.figures.value;
  const typed = useSignal<string | null>(null);
  if (!frame) return null;
  const weights = weightsOf(frame, layout);
  const weight = weights.find(({ place }) => place === chosen.value);
  const set = (event: Event) => {
    event.preventDefault();
    const value = Number(typed.value ?? weight?.value);
    if (!weight || !Number.isFinite(value)) return;
    lab.branch({ weights: { [weight.place]: value } }, index);
    typed.value = null;
  };
  return (
    <form class="row weight" onSubmit={set} aria-label={`Set a weight of run ${index + 1}`}>
      <Weights
        weights={weights}
        place={weight?.place ?? null}
        choose={(place) => ([chosen.value, typed.value] = [place, null])}
      />
      {weight && (
        <>
          <label>
            <span class="unseen">Value of {weight.name}</span>
            <input
              type="number"
              step="any" min={-1e6} max={1e6} required
              data-value={String(weight.value)}
              value={typed.value ?? String(weight.value)}
              onInput={(event) => (typed.value = event.currentTarget.value)}
            />
          </label>
          <button>Set from {frame.iteration.toLocaleString("en")} on</button>
        </>
      )}
    </form>
  );
}

interface WeightsProps {
  weights: Weight[];
  place: number | null;
  choose(place: number | null): void;
}

function Weights({ weights, place, choose }: WeightsProps) {
  return (
    <label>
      Weight{" "}
      <select
        value={place ?? ""}
        onChange={({ currentTarget: { value } }) => choose(value === "" ? null : Number(value))}
      >
        <option value="">choose one</option>
        {weights.map(({ name, place }) => (
          <option key={place} value={place}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function weightsOf({ drawn }: Frame, { edges }: Layout): Weight[] {
  const ofEdges = edges.map((edge) => ({ name: nameOf(edge), value: edge.weight, place: edge.place }));
  const biases = (["b1", "b2"] as const).flatMap((block) =>
    drawn[block].map((value, at) => ({
      name: `${block}[${((block === "b1" ? drawn.units[at] : at) ?? at) + 1}]`,
      value,
      place: drawn.places[block][at] ?? -1,
    })),
  );
  return [...ofEdges, ...biases];
}
