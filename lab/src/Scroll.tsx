/** Guarantee: what is wider than its place scrolls there, by keys too; what fits is no stop on the way. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const OWN_KEYS = ["ArrowLeft", "ArrowRight", "Home", "End"];

export function Scroll({ label, children }: { label: string; children: ComponentChildren }) {
  const place = useRef<HTMLDivElement>(null);
  const scrolls = useSignal(false);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const measure = () => {
      const { scrollWidth, clientWidth, scrollHeight, clientHeight } = element;
      scrolls.value = scrollWidth > clientWidth || scrollHeight > clientHeight;
    };
    // Told of sizes after they are known: to ask for them would lay the page out once more.
    const watch = new ResizeObserver(measure);
    for (const each of [element, ...element.children]) watch.observe(each);
    return () => watch.disconnect();
  }, []);
  // The page's own keys go through time: in here they scroll.
  const keep = (event: KeyboardEvent) => {
    if (event.target === place.current && OWN_KEYS.includes(event.key)) event.stopPropagation();
  };
  const region = scrolls.value ? { role: "region" as const, "aria-label": label, tabIndex: 0 } : {};
  return (
    <div class="values" ref={place} onKeyDown={keep} {...region}>
      {children}
    </div>
  );
}
