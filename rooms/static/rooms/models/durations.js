const MINUTE = 60; // seconds
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How long a measure may last, as it is offered: seconds, null for until somebody lifts it, or until a moment to be named. */
export const LASTING = [
  { seconds: 10 * MINUTE, name: "10 minutes" },
  { seconds: HOUR, name: "1 hour" },
  { seconds: DAY, name: "1 day" },
  { seconds: 7 * DAY, name: "7 days" },
  { seconds: null, name: "Until it is lifted" },
  { isMoment: true, name: "Until a date and time" },
];

/** How far back what somebody wrote is deleted, as it is offered. */
export const REACHING_BACK = [
  { seconds: 10 * MINUTE, name: "The last 10 minutes" },
  { seconds: HOUR, name: "The last hour" },
  { seconds: DAY, name: "The last day" },
];

/** The time in `seconds` from `now` (milliseconds), in ISO 8601; null for null: until it is lifted. */
export function timeIn(seconds, now = Date.now()) {
  return seconds === null ? null : new Date(now + seconds * 1_000).toISOString();
}
