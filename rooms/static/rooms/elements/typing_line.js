import { nameOf } from "rooms/dom";

/** Says who is typing in the room being shown. */
class TypingLine extends HTMLElement {
  #shown = "";

  set chat(chat) {
    const show = () => this.#show(chat.place.id === null ? [] : chat.typing.names(chat.place.id, Date.now()));
    chat.addEventListener("typing", show);
    chat.addEventListener("place", show);
  }

  #show(names) {
    const key = names.join("\n");
    if (key === this.#shown) return;
    this.#shown = key;
    this.replaceChildren(...sentence(names));
  }
}

function sentence(names) {
  if (names.length === 0) return [];
  if (names.length > 3) return [`${names.length} people are typing …`];
  const parts = names.flatMap((name, at) => [at === 0 ? "" : at === names.length - 1 ? " and " : ", ", nameOf(name)]);
  return [...parts, names.length === 1 ? " is typing …" : " are typing …"];
}

customElements.define("typing-line", TypingLine);
