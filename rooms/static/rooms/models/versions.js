/**
 * What a message has said, newest first: `[{body, until}]`, `until` null for what it says now.
 * `revisions` are its earlier bodies, oldest first, each with the time `until` which it stood.
 */
export function versionsOf(message, revisions) {
  const earlier = [...revisions].reverse();
  return message.deleted_at ? earlier : [{ body: message.body, until: null }, ...earlier];
}
