import { make, nameOf, part } from "rooms/dom";
import { showMarkup } from "rooms/markup";
import { addressOfPerson } from "rooms/staff/address";
import * as measures from "rooms/staff/measures";
import { clock, full } from "rooms/times";

/** The row of a message, as staff see it: with what can be done about it, and about who wrote it. */
export function makeMessage(desk, roomOf) {
  const row = make(
    "li",
    { className: "staff-message" },
    make(
      "div",
      { className: "message-head" },
      make("span", { data: { part: "author" } }),
      make("time", { data: { part: "time" } }),
    ),
    make("div", { className: "message-body", dir: "auto", data: { part: "body" } }),
    make("div", { className: "message-acts", data: { part: "acts" } }),
  );
  if (desk.may("moderate_rooms")) part(row, "acts").append(...offers(desk, row, roomOf));
  return row;
}

export function showMessage(row, message) {
  const { author, body, html, created_at, deleted_at } = message;
  const before = row.message;
  row.message = message;
  if (before?.version === message.version && before.id === message.id) return;
  const name = nameOf(author.name || "Guest");
  part(row, "author").replaceChildren(author.id === null ? name : make("a", { href: addressOfPerson(author.id) }, name));
  const time = part(row, "time");
  time.dateTime = created_at;
  time.textContent = clock(created_at);
  time.title = full(created_at);
  part(row, "body").classList.toggle("deleted", Boolean(deleted_at));
  if (deleted_at) part(row, "body").textContent = "This message was deleted.";
  else if (html) showMarkup(part(row, "body"), html);
  else part(row, "body").textContent = body;
  for (const button of part(row, "acts").children) {
    button.hidden = !button.fits(message);
    button.setAttribute("aria-label", `${button.textContent}: ${author.name || "Guest"}, ${clock(created_at)}`);
  }
}

function offers(desk, row, roomOf) {
  const author = () => row.message.author;
  const here = () => ({ room: roomOf() });
  const isOther = (message) => message.author.id !== null && message.author.id !== desk.userId;
  return [
    offer("Delete", ({ deleted_at }) => !deleted_at, () => desk.act(measures.deleteMessage(row.message))),
    offer("Mute", isOther, () => desk.carryOut(measures.mute(author(), here()))),
    offer("Delete all", isOther, () => desk.carryOut(measures.deleteAll(author(), here()))),
    offer("Remove", isOther, () => desk.carryOut(measures.removeFrom(author(), roomOf()))),
    offer("Ban", isOther, () => desk.carryOut(measures.ban(author(), here()))),
  ];
}

function offer(name, fits, act) {
  const button = make("button", { className: "link-button", type: "button", textContent: name });
  button.fits = fits;
  button.addEventListener("click", act);
  return button;
}
