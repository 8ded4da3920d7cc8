const NAMED = 12; // people named at one emoji; the rest are counted
const VARIATION = /\ufe0f/g; // programs differ in whether they ask for the picture of a sign

/**
 * Reactions as they are shown to `me`: `[{emoji, count, isMine, who}]`, `who` a list of names in words.
 * `nameOf(id)` gives a person's name, or null where it is not known here.
 */
export function chipsOf(reactions, me, nameOf) {
  return reactions.map(({ emoji, users }) => {
    const isMine = users.includes(me);
    return { emoji, count: users.length, isMine, who: whoOf(users.filter((id) => id !== me).map(nameOf), isMine) };
  });
}

/** Whether `me` has put this emoji to a message with these reactions. */
export function hasReacted(reactions, me, emoji) {
  return reactions.some((reaction) => isSame(reaction.emoji, emoji) && reaction.users.includes(me));
}

function isSame(emoji, other) {
  return emoji.replace(VARIATION, "") === other.replace(VARIATION, "");
}

function whoOf(names, isMine) {
  const known = names.filter((name) => name !== null).slice(0, NAMED);
  const others = names.length - known.length;
  const parts = [...(isMine ? ["You"] : []), ...known];
  if (others > 0) parts.push(others === 1 && parts.length === 0 ? "Somebody" : counted(others, parts.length > 0));
  return parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : parts[0];
}

function counted(number, isMore) {
  if (!isMore) return `${number} people`;
  return number === 1 ? "1 other" : `${number} others`;
}
