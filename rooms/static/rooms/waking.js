const LOOK = 5_000; // milliseconds between two looks at the clock
const SLEPT = 20_000; // milliseconds that nobody noticed: the machine slept

/** Call `woken` when the page is seen again, comes back from the browser's cache, or its machine has slept. */
export function onWaking(woken) {
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && woken());
  window.addEventListener("pageshow", ({ persisted }) => persisted && woken());
  let last = Date.now();
  setInterval(() => {
    // Nobody sees a hidden page: its timers are slow by themselves, and it wakes when it is shown.
    if (Date.now() - last > SLEPT && document.visibilityState === "visible") woken();
    last = Date.now();
  }, LOOK);
}
