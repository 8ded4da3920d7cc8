import { make } from "rooms/dom";
import { offerIn } from "rooms/models/permission";

const INVITATIONS = {
  write: "Say hello.",
  name: "Say who you are, then say hello.",
  join: "Join, and say hello.",
  login: "Nothing was said here yet.",
};

/** What stands above the first message of a room. */
export function beginningOf(room, user, isEmpty) {
  const title = make("h2", {}, "This is where ", make("bdi", { textContent: room.name }), " begins.");
  return isEmpty ? [title, make("p", { textContent: INVITATIONS[offerIn(room, user)] ?? "Nothing was said here." })] : [title];
}

/** What stands where no messages can be shown, or null; `again` is called to try once more. */
export function blankOf(place, again) {
  if (place.state === "loading") return [make("span", { className: "spinner", attributes: { role: "img", "aria-label": "Loading" } })];
  if (place.state === "none") return said("Choose a room", "The conversation opens here.");
  if (place.state === "failed") return [...said("The room could not be opened", place.refusal.message), buttonFor(again)];
  if (place.state === "refused") return refused(place.refusal);
  if (place.state !== "missing") return null;
  const words =
    place.gone === undefined
      ? said("There is no such room", "It may have been renamed, or it is private.")
      : said("You are no longer in this room", "You left it, were removed from it, or it was closed.");
  return [...words, link("/rooms/", "Browse rooms"), link("/", "Go to my rooms")];
}

function refused({ code, message }) {
  if (code !== "unauthenticated") return said("The chat cannot be opened here", message);
  const login = link(document.querySelector("chat-app").dataset.loginUrl, "Log in");
  return [...said("No room is open to guests", "With an account you can go on."), login];
}

function link(href, textContent) {
  return make("a", { className: "button", href, textContent });
}

function said(title, text) {
  return [make("h2", { textContent: title }), make("p", { textContent: text })];
}

function buttonFor(again) {
  const button = make("button", { className: "button", type: "button", textContent: "Try again" });
  button.addEventListener("click", again);
  return button;
}
