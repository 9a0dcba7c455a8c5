/** Guarantee: the guided lesson. */

import type { Props } from "./store";

export function Lesson({ lab }: Props) {
  return <div hidden data-iteration={lab.iteration.value} />;
}
