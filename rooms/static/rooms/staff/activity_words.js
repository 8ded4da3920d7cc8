/** What the activity's kinds are called, and which belong together. */

const SENTENCES = {
  connected: "connected",
  disconnected: "disconnected",
  refused: "was refused",
  message_posted: "wrote in",
  message_edited: "edited a message in",
  message_deleted: "deleted a message in",
  room_created: "created",
  room_changed: "changed",
  joined: "joined",
  left: "left",
  reported: "reported a message in",
  resolved: "resolved a report in",
  announced: "announced",
  disconnect_user: "disconnected",
  disconnect_socket: "closed a connection of",
  mute_user: "muted",
  ban_user: "banned",
  lift: "lifted a sanction of",
};

const GROUPS = {
  comings: ["connected", "disconnected", "joined", "left"],
  messages: ["message_posted", "message_edited", "message_deleted", "reported"],
  rooms: ["room_created", "room_changed"],
  refusals: ["refused"],
};

const GROUPED = new Set(Object.values(GROUPS).flat());

/** What somebody did, in words that a room's name can follow. */
export const sentenceOf = (kind) => SENTENCES[kind] ?? kind.replaceAll("_", " ");

/** Whether a kind belongs to a group of the filter; "acts" are what staff do, and all that has no other group. */
export function isIn(group, kind) {
  if (!group) return true;
  return group === "acts" ? !GROUPED.has(kind) : GROUPS[group].includes(kind);
}

/** `detail` as text, whatever it is made of. */
export function detailOf(detail) {
  if (detail === null || detail === undefined || detail === "") return "";
  if (typeof detail !== "object") return String(detail);
  return Object.entries(detail).map(([name, value]) => `${name} ${value}`).join(", ");
}
