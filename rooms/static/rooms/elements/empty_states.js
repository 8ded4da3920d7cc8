import { make } from "rooms/dom";
import { offerIn } from "rooms/models/permission";

/** What stands above the first message of a room. */
export function beginningOf(room, user, isEmpty) {
  const lines = [make("h2", {}, make("bdi", { textContent: room.name }))];
  if (room.topic) lines.push(make("p", { dir: "auto", textContent: room.topic }));
  lines.push(make("p", { textContent: sentence(room, user, isEmpty) }));
  return lines;
}

function sentence(room, user, isEmpty) {
  if (!isEmpty) return "This is where the conversation begins.";
  const invitation = offerIn(room, user) === "write" ? " Write the first message." : "";
  return `Nothing has been said here yet.${invitation}`;
}

/** What stands where no messages can be shown, or null; `again` is called to try once more. */
export function blankOf(place, again) {
  if (place.state === "loading") return [make("span", { className: "spinner", attributes: { role: "img", "aria-label": "Loading" } })];
  if (place.state === "none") return said("Choose a room", "The conversation opens here.");
  if (place.state === "failed") return [...said("The room could not be opened", place.refusal.message), buttonFor(again)];
  if (place.state !== "missing") return null;
  const words =
    place.gone === undefined
      ? said("There is no such room", "It may have been renamed, or it is private.")
      : said("You are no longer in this room", "You left it, were removed from it, or it was closed.");
  const link = (href, textContent) => make("a", { className: "button", href, textContent });
  return [...words, link("/rooms/", "Browse rooms"), link("/", "Go to my rooms")];
}

function said(title, text) {
  return [make("h2", { textContent: title }), make("p", { textContent: text })];
}

function buttonFor(again) {
  const button = make("button", { className: "button", type: "button", textContent: "Try again" });
  button.addEventListener("click", again);
  return button;
}
