/** The addresses of rooms. */

export const addressOf = (slug) => `/rooms/${encodeURIComponent(slug)}/`;

/** The slug of the room that a path leads to, or null. */
export function slugOf(path) {
  const match = /^\/rooms\/([^/]+)\/?$/.exec(path);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}
