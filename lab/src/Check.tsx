/** Guarantee: the gradient check. */

import type { Props } from "./store";

export function Check({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
