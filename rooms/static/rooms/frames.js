const HIDDEN_PAUSE = 200; // milliseconds; a page that nobody sees draws no frames

/** A function that runs `action` once for all its calls until the next frame. */
export function onceAFrame(action) {
  let isDue = false;
  const run = () => {
    isDue = false;
    action();
  };
  return () => {
    if (isDue) return;
    isDue = true;
    if (document.visibilityState === "hidden") setTimeout(run, HIDDEN_PAUSE);
    else requestAnimationFrame(run);
  };
}
