/** Whether slow mode holds in `room` for this person; who moderates there need not wait. */
export function isSlowFor({ slow_mode = 0, may_moderate = false }) {
  return slow_mode > 0 && !may_moderate;
}

/** Milliseconds until the person may write the next message in `room`; 0 when it is their turn. */
export function waitIn(room, now = Date.now()) {
  const { slow_mode, may_post_at = null } = room;
  if (!isSlowFor(room) || may_post_at === null) return 0;
  // Never longer than a turn is: the clocks of here and there may differ.
  return Math.min(Math.max(Date.parse(may_post_at) - now, 0), slow_mode * 1_000);
}

/** How far apart messages are in slow mode, as it is offered: seconds, 0 for no slow mode. */
export const PACES = [0, 5, 10, 30, 60, 300, 3_600];

/** A pace in words: `30 s`, `5 min`, `1 h`; what is no whole number of a larger unit is said in a smaller one. */
export function paceName(seconds) {
  if (seconds % 3_600 === 0) return `${seconds / 3_600} h`;
  if (seconds % 60 === 0) return `${seconds / 60} min`;
  return `${seconds} s`;
}

/** What is left to wait, as a clock that runs down: `12 s`, `4:05`, `1:00:00`. */
export function countdown(milliseconds) {
  const seconds = Math.ceil(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const two = (number) => String(number).padStart(2, "0");
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}
