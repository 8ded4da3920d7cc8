const GAP = 8; // pixels around what is placed

/** Put a popover above what it was opened for, or below where there is more room; within the window. */
export function placeBeside(popover, anchor) {
  const { top, bottom, right } = anchor.getBoundingClientRect();
  const fits = top >= popover.offsetHeight + 2 * GAP || top >= innerHeight - bottom;
  const under = fits ? innerHeight - top + GAP : innerHeight - bottom - GAP - popover.offsetHeight;
  popover.style.setProperty("right", `${within(innerWidth - right, innerWidth - popover.offsetWidth)}px`);
  popover.style.setProperty("bottom", `${within(under, innerHeight - popover.offsetHeight)}px`);
}

/** A distance from an edge that leaves a gap there and at the other, `most` pixels away. */
function within(distance, most) {
  return Math.max(GAP, Math.min(distance, most - GAP));
}
