const STAFF = 3;
const STANDINGS = { owner: 2, moderator: 1 };

/** The roles in a room, highest first. */
export const ROLES = ["owner", "moderator", "member"];

/**
 * What the place of the composer offers a person in a room: `write`, `muted` (for a time), `name` (a guest without a
 * name yet), `join`, `login`, `archived`, `read_only` or `none`.
 */
export function offerIn(room, user) {
  if (room.archived) return "archived";
  const guest = user.id === null;
  if (guest && !room.guests_may_post) return "login";
  if (guest && room.read_only) return "read_only";
  if (guest) return user.named ? "write" : "name";
  if (!room.role) return room.kind === "public" ? "join" : "none";
  if (room.read_only) return "read_only";
  if (room.may_post === false) return "none";
  return muteIn(room) ? "muted" : "write";
}

/**
 * What a person may do with a message of `room`: each of `react`, `edit`, `remove`, `versions`, `report` and
 * `moderate` (do something about its author, who has `role` in the room) is true or false.
 */
export function actionsOn(message, { room, user, isMine, role = null }) {
  const isKept = !message.deleted_at;
  const isStored = message.id !== null;
  const mayWrite = offerIn(room, user) === "write";
  return {
    react: isStored && isKept && mayWrite && user.id !== null,
    edit: isKept && isMine && mayWrite,
    remove: isStored && isKept && (isMine || room.may_moderate === true),
    versions: isStored && ((isMine && isKept && Boolean(message.edited_at)) || (user.moderates && isChanged(message))),
    report: isStored && isKept && !isMine && user.id !== null,
    moderate: isStored && !isMine && measuresOn({ ...message.author, role }, { room, user }).mute,
  };
}

/**
 * What a person may do about another one in `room`: `mute`, `ban`, `clear` (delete what they wrote) and `remove` are
 * true or false, `roles` are those that may be given. Nobody reaches who stands as high as they do.
 */
export function measuresOn({ id, role = null }, { room, user }) {
  const mine = Math.max(user.moderates ? STAFF : 0, STANDINGS[room.role] ?? 0);
  const isBelow = id !== null && id !== user.id && (STANDINGS[role] ?? 0) < mine;
  const may = isBelow && room.may_moderate === true;
  const belongs = role !== null;
  const mayGiveRoles = isBelow && belongs && room.may_manage === true;
  return {
    mute: may,
    ban: may,
    clear: may,
    remove: may && belongs && !room.everyone,
    roles: mayGiveRoles ? ROLES.filter((other) => other !== role) : [],
  };
}

function isChanged({ edited_at, deleted_at }) {
  return Boolean(edited_at || deleted_at);
}

/** The mute that holds for the person in `room` at `now` (milliseconds), `{until, reason, everywhere}`, or null. */
export function muteIn({ muted = null }, now = Date.now()) {
  return muted === null || muted.until === null || Date.parse(muted.until) > now ? muted : null;
}
