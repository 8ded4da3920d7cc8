import { copyOf, part } from "rooms/dom";
import { lasting } from "rooms/elements/sanction_words";

/** Say in place of all that was here that this person is banned, until when and why; a reload leads to the log-in page. */
export function showBan({ until, text }, loginUrl) {
  history.replaceState(null, "", `${loginUrl}?ended=banned`);
  document.title = "Banned";
  const page = copyOf("banned-page");
  part(page, "until").textContent = `This account is banned ${lasting(until)}.`;
  part(page, "reason").textContent = text;
  document.body.replaceChildren(page);
  page.focus();
}
