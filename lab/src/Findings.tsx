/** Guarantee: what diagnosis finds, of each run when two are side by side. */

import type { Props } from "./store";

export function Findings({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
