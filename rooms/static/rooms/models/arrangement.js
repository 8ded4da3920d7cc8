const GROUP_SPAN = 5 * 60_000; // milliseconds in which one author's messages share a head

/**
 * Order messages and unsent entries for showing.
 *
 * Returns days `{day, items}`; `day` is the local date as `YYYY-MM-DD`, an item `{key, message, follows, state, error}`
 * with `state` `sent`, `queued`, `sending` or `failed`, or `{key: "new"}` for the line above the first unread message.
 */
export function arrange(messages, entries, { me, newAfter = null, mine = () => false }) {
  const sent = messages.map((message) => ({ key: keyOf(message, mine), message, state: "sent", error: null }));
  const arrived = new Set(messages.filter(mine).map((message) => message.client_id));
  const unsent = entries.filter((entry) => !arrived.has(entry.client_id)).map((entry) => unsentItem(entry, me));
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
  return { key: `c${entry.client_id}`, message, state: entry.state, error: entry.error };
}

/** An own message keeps the key that it had while it was unsent, so its row stays the same row. */
function keyOf(message, mine) {
  return mine(message) ? `c${message.client_id}` : `m${message.id}`;
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
