/** Guarantee: a menu opens below its name; Escape, a choice or a press elsewhere closes it. */

import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface MenuProps {
  title: string;
  part: string;
  children: ComponentChildren;
}

export function Menu({ title, part, children }: MenuProps) {
  const place = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const pressed = (event: Event) => {
      const menu = place.current;
      if (menu?.open && !event.composedPath().includes(menu)) menu.open = false;
    };
    const keyed = (event: KeyboardEvent) => {
      if (event.key === "Escape" && place.current?.open) close(place.current);
    };
    document.addEventListener("pointerdown", pressed);
    document.addEventListener("keydown", keyed, true);
    return () => {
      document.removeEventListener("pointerdown", pressed);
      document.removeEventListener("keydown", keyed, true);
    };
  }, []);
  return (
    <details class="menu" data-part={part} ref={place}>
      <summary>{title}</summary>
      <div class="sheet">{children}</div>
    </details>
  );
}

/** Close the menu that an event comes from. */
export function closeMenu(event: Event): void {
  const menu = (event.currentTarget as Element).closest("details");
  if (menu) close(menu);
}

/** Close it; a focus that was inside goes back to its name. */
function close(menu: HTMLDetailsElement): void {
  const inside = menu.contains(document.activeElement);
  menu.open = false;
  if (inside) menu.querySelector("summary")?.focus();
}
