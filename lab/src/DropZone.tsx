/** Guarantee: a table that is dropped on the page or chosen. */

import type { Props } from "./store";

export function DropZone({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
