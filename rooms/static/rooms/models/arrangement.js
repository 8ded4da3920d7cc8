const GROUP_SPAN = 5 * 60_000; // milliseconds in which one author's messages share a head

/**
 * Order messages and unsent entries for showing.
 *
 * Returns days `{day, items}`; `day` is the local date as `YYYY-MM-DD`, an item `{key, message, follows, state, error, entry}`
 * with `state` `sent`, `queued`, `sending` or `failed`, or `{key: "new"}` for the line above the first unread message.
 * `entry` is the client_id of the unsent post or edit that is shown, or null; a message that is edited says what it will say.
 */
export function arrange(messages, entries, { me, newAfter = null, mine = () => false }) {
  const edits = new Map(entries.filter(isEdit).map((entry) => [entry.message ?? entry.post, entry]));
  const arrived = new Set();
  const sent = messages.map((message) => {
    const key = keyOf(message, mine, arrived);
    return edited({ key, message, state: "sent", error: null, entry: null }, edits.get(message.id));
  });
  const posts = entries.filter((entry) => !isEdit(entry) && !arrived.has(entry.client_id));
  const unsent = posts.map((entry) => edited(unsentItem(entry, me), edits.get(entry.client_id)));
  const days = [];
  let head = null;
  let lined = newAfter === null;
  for (const item of [...sent, ...unsent]) {
    const day = localDay(item.message.created_at);
    if (days.at(-1)?.day !== day) days.push({ day, items: [] });
    if (!lined && item.message.seq > newAfter && !mine(item.message)) {
      days.at(-1).items.push({ key: "new" });
      lined = true;
      head = null;
    }
    item.follows = head !== null && continues(head, item.message, days.at(-1).items.length);
    if (!item.follows) head = item.message;
    days.at(-1).items.push(item);
  }
  return days;
}

function unsentItem(entry, me) {
  const message = {
    id: null,
    seq: null,
    version: 0,
    client_id: entry.client_id,
    author: me,
    body: entry.body,
    html: null,
    created_at: entry.created_at,
  };
  return { key: `c${entry.client_id}`, message, state: entry.state, error: entry.error, entry: entry.client_id };
}

function isEdit(entry) {
  return entry.kind === "edit";
}

/** The item with the text that waits to be sent for it, or was refused; one that failed itself says that first. */
function edited(item, edit) {
  if (!edit || item.state === "failed") return item;
  const { message } = item;
  // What was written for a message that is deleted is nowhere else by now.
  const isHidden = message.deleted_at && edit.state !== "failed";
  const shown = isHidden ? message : { ...message, body: edit.body, html: null };
  return { ...item, message: shown, state: edit.state, error: edit.error, entry: edit.client_id };
}

/**
 * An own message keeps the key that it had while it was unsent, so its row stays the same row. Guests choose
 * their client_ids each for themselves: only the first with one is taken for one's own.
 */
function keyOf(message, mine, arrived) {
  if (!mine(message) || arrived.has(message.client_id)) return `m${message.id}`;
  arrived.add(message.client_id);
  return `c${message.client_id}`;
}

function continues(head, message, itemsOfDay) {
  return (
    itemsOfDay > 0 &&
    head.author.id === message.author.id &&
    head.author.name === message.author.name &&
    Math.abs(new Date(message.created_at) - new Date(head.created_at)) < GROUP_SPAN
  );
}

export function localDay(time) {
  const date = new Date(time);
  const two = (number) => String(number).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}
