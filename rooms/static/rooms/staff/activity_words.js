/** How the activity is said: "Ann wrote in Lobby", "Mona muted Bob in Lobby". */

const COMINGS = "comings";
const MESSAGES = "messages";
const ROOMS = "rooms";
const REFUSALS = "refusals";
const ACTS = "acts"; // what staff do, and what has no other group

// `says` comes after the name, then the detail where it names somebody (`names`), then the room, after `where`.
const KINDS = {
  connected: { group: COMINGS, says: "connected" },
  disconnected: { group: COMINGS, says: "disconnected" },
  joined: { group: COMINGS, says: "joined" },
  left: { group: COMINGS, says: "left" },
  message_posted: { group: MESSAGES, says: "wrote", where: "in" },
  message_edited: { group: MESSAGES, says: "edited a message", where: "in" },
  message_deleted: { group: MESSAGES, says: "deleted a message", where: "in" },
  undo_deletion: { group: MESSAGES, says: "undid a deletion", where: "in" },
  reported: { group: MESSAGES, says: "reported a message", where: "in" },
  room_created: { group: ROOMS, says: "created" },
  room_changed: { group: ROOMS, says: "changed" },
  refused: { group: REFUSALS, says: "was refused" },
  announced: { says: "announced", where: "in" },
  resolved: { says: "resolved a report", where: "in" },
  clear_room: { says: "cleared" },
  change_role: { says: "gave a role:", where: "in", names: true },
  remove_member: { says: "removed", where: "from", names: true },
  mute_user: { says: "muted", where: "in", names: true },
  ban_user: { says: "banned", where: "from", names: true },
  ban_guest: { says: "banned the guest", names: true },
  lift: { says: "lifted what held for", where: "in", names: true },
  disconnect_user: { says: "disconnected", names: true },
  disconnect_socket: { says: "closed a connection of", names: true },
};

/** What a kind is: `{group, says, where, names}`. */
export const kindOf = (kind) => ({ group: ACTS, where: "", names: false, says: kind.replaceAll("_", " "), ...KINDS[kind] });

/** All that an activity says, to be searched. */
export function textOf({ kind, user, room, detail }) {
  return `${user?.name ?? "a guest"} ${kindOf(kind).says} ${detail} ${room?.name ?? ""}`.toLocaleLowerCase();
}
