const LONG = 450; // milliseconds, a little before a browser's own menu
const STILL = 10; // pixels that a resting finger moves

/** Call `action` with the element under a finger that rests in `element`; links keep the browser's own menu. */
export function onLongPress(element, action) {
  let timer = null;
  let from = null;
  const end = () => clearTimeout(timer);
  element.addEventListener("pointerdown", (event) => {
    end();
    from = event;
    if (isMeant(event)) timer = setTimeout(() => action(event.target), LONG);
  });
  element.addEventListener("pointermove", ({ clientX, clientY }) => {
    if (from && Math.hypot(clientX - from.clientX, clientY - from.clientY) > STILL) end();
  });
  for (const type of ["pointerup", "pointercancel"]) element.addEventListener(type, end);
  element.addEventListener("contextmenu", (event) => isMeant(event) && event.preventDefault());
}

function isMeant(event) {
  return event.pointerType === "touch" && !event.target.closest("a");
}
