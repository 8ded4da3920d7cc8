/** Times as people say them, in the reader's own locale and zone. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_AND_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const MOMENT = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", hour: "numeric", minute: "2-digit" });
const MOMENT_AND_YEAR = new Intl.DateTimeFormat(undefined, { dateStyle: "long", timeStyle: "short" });
const RELATIVE = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

export const clock = (time) => CLOCK.format(new Date(time));
/** Hours and minutes alone, for where there is little room. */
export const shortClock = (time) =>
  CLOCK.formatToParts(new Date(time))
    .filter(({ type }) => type === "hour" || type === "minute")
    .map(({ value }) => value)
    .join(":");

export const full = (time) => FULL.format(new Date(time));

/** A time as short as it can be said: without the day where that is today, without the year where it is this one. */
export function moment(time, now = new Date()) {
  const then = new Date(time);
  if (then.toDateString() === now.toDateString()) return clock(then);
  return (then.getFullYear() === now.getFullYear() ? MOMENT : MOMENT_AND_YEAR).format(then);
}

/** The name of a local day given as `YYYY-MM-DD`. */
export function dayName(day, now = new Date()) {
  const [year, month, date] = day.split("-").map(Number);
  const then = new Date(year, month - 1, date);
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round((then - today) / 86_400_000);
  if (days === 0 || days === -1) return capital(RELATIVE.format(days, "day"));
  return (then.getFullYear() === today.getFullYear() ? DAY : DAY_AND_YEAR).format(then);
}

/** How long something has lasted, in its largest unit: `42 s`, `7 min`, `3 h`, `2 d`. */
export function span(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

function capital(text) {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}
