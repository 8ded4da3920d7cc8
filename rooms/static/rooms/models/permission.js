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
