const NEARLY = 0.9; // share of the longest message from which the rest is counted

/**
 * How a text of a message stands to `limit` code points, 0 for none: `left` (negative: too many),
 * `tooLong`, and whether it is `near` enough to be told.
 */
export function lengthOf(text, limit) {
  const most = limit || Infinity;
  const length = [...text].length;
  return { left: most - length, tooLong: length > most, near: length >= most * NEARLY };
}
