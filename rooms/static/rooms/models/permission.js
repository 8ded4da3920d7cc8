/**
 * What the place of the composer offers a person in a room: `write`, `name` (a guest without a name yet),
 * `join`, `login`, `archived`, `read_only` or `none`.
 */
export function offerIn(room, user) {
  if (room.archived) return "archived";
  const guest = user.id === null;
  if (guest && !room.guests_may_post) return "login";
  if (guest && room.read_only) return "read_only";
  if (guest) return user.named ? "write" : "name";
  if (!room.role) return room.kind === "public" ? "join" : "none";
  if (room.read_only) return "read_only";
  return room.may_post === false ? "none" : "write";
}

/** What a person may do with a message of `room`: each of `react`, `edit`, `remove` and `versions` is true or false. */
export function actionsOn(message, { room, user, isMine }) {
  const isKept = !message.deleted_at;
  const isStored = message.id !== null;
  const mayWrite = offerIn(room, user) === "write";
  return {
    react: isStored && isKept && mayWrite && user.id !== null,
    edit: isKept && isMine && mayWrite,
    remove: isStored && isKept && (isMine || room.may_manage === true),
    versions: isStored && ((isMine && isKept && Boolean(message.edited_at)) || (user.moderates && isChanged(message))),
  };
}

function isChanged({ edited_at, deleted_at }) {
  return Boolean(edited_at || deleted_at);
}
