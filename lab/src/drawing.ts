/**
 * Guarantee: points drawn by hand are a run's data as soon as they can be: enough, of both classes.
 *
 * Until then they wait here, and the picture shows them alone.
 */

import type { Bounds } from "./boundary";
import type { Actions, Lab, Point } from "./store";

/** The least that the plane shows, so that it stands still while one draws. */
const ROOM = 3;
export const LEAST = 2; // that Shoal learns from
/** What to begin with: the corners of a square, which no line separates, and some points near them. */
export const FIRST: Point[] = ([0, 1] as const).flatMap((label) =>
  [-1, 1].flatMap((x): Point[] => {
    const y = label ? x : -x;
    return [
      [2.8 * x, 2.8 * y, label],
      [1.6 * x, 1.9 * y, label],
      [1.1 * x, 0.7 * y, label],
    ];
  }),
);

export function roomFor([[left, right], [bottom, top]]: Bounds): Bounds {
  return [
    [Math.min(left, -ROOM), Math.max(right, ROOM)],
    [Math.min(bottom, -ROOM), Math.max(top, ROOM)],
  ];
}

/** The points on the page, or null where the data are others. */
export function pointsOf(lab: Lab): Point[] | null {
  const data = lab.runs.value[0]?.scenario.value.data;
  return data?.kind === "points" ? (lab.waiting.value ?? data.points) : null;
}

/** Put these points in the place of those that were. */
export function draw(lab: Lab & Actions, points: Point[]): void {
  const classes = new Set(points.map(([, , label]) => label));
  const most = lab.about.peek()?.limits.points ?? Infinity;
  if (points.length > most) {
    lab.message.value = `There is room for ${most} points.`;
  } else if (classes.size < 2 || points.length < LEAST) {
    lab.waiting.value = points;
  } else {
    lab.waiting.value = null;
    lab.restart({ data: { kind: "points", points } });
  }
}
