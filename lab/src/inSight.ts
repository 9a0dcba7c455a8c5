/** Guarantee: a part knows whether any of it is on the screen. */

import { useSignal, type Signal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";

export function useInSight(place: RefObject<Element>): Signal<boolean> {
  const inSight = useSignal(true);
  useEffect(() => {
    if (!place.current) return undefined;
    const watch = new IntersectionObserver((entries) => {
      inSight.value = entries.at(-1)?.isIntersecting ?? true;
    });
    watch.observe(place.current);
    return () => watch.disconnect();
  }, []);
  return inSight;
}
