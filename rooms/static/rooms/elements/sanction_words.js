import { make, nameOf } from "rooms/dom";
import { moment } from "rooms/times";

/** Somebody's own words, kept apart from the direction of the text around them. */
export const quoted = (text) => make("bdi", { textContent: text });

/** How long something holds: `until 15:04`. */
export const lasting = (until) => (until === null ? "until somebody lifts it" : `until ${moment(until)}`);

/** What a muted person is told where they would write, as nodes. */
export function muteWords({ until, reason, everywhere }) {
  return [`You are muted ${everywhere ? "everywhere" : "in this room"} ${lasting(until)}: `, quoted(reason)];
}

/** What a person is told when something begins or is lifted, as nodes; null where the server itself tells them. */
export function changeWords({ kind, room, reason, until, active }) {
  const place = room ? [" in “", nameOf(room.name), "”"] : [" everywhere"];
  if (kind === "mute" && active) return ["You were muted", ...place, ` ${lasting(until)}: `, quoted(reason)];
  if (kind === "mute") return ["Your mute", ...place, " was lifted."];
  return room && !active ? ["Your ban", ...place, " was lifted: you may come back."] : null;
}
