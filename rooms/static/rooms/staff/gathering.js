/** A function that runs `action` once for all its calls within `pause` milliseconds. */
export function gathered(action, pause) {
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      action();
    }, pause);
  };
}
