import { make } from "rooms/dom";
import { full } from "rooms/times";

/** Say behind the text in `place` that it was edited; for who may read the earlier versions it opens them. */
export function markEdited(place, editedAt, mayReadVersions) {
  const said = { className: "edited-mark", textContent: "(edited)", title: `Edited ${full(editedAt)}` };
  const mark = mayReadVersions
    ? make("button", { ...said, type: "button", data: { act: "versions" }, attributes: { "aria-label": `Edited ${full(editedAt)}: earlier versions` } })
    : make("span", said);
  const last = place.lastElementChild;
  const line = last?.matches("p") ? last : place;
  line.append(" ", mark);
}
