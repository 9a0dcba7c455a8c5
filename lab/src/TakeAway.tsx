/** Guarantee: the link, the script, the notebook, the model and the pictures. */

import type { Props } from "./store";

export function TakeAway({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
