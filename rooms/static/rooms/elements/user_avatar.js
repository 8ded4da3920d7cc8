/** A person's initials on the person's colour, with a dot for presence where `data-presence` says one. */
class UserAvatar extends HTMLElement {
  static observedAttributes = ["data-name", "data-colour"];

  connectedCallback() {
    this.setAttribute("aria-hidden", "true");
    this.attributeChangedCallback();
  }

  attributeChangedCallback() {
    this.textContent = initials(this.dataset.name ?? "");
  }
}

/** Show a person: `{name, avatar}`. */
export function showPerson(element, { name, avatar }) {
  element.dataset.colour = avatar?.colour ?? 0;
  element.dataset.name = name ?? "";
}

function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words.at(-1)] : words;
  return ends.map(firstLetter).join("").toLocaleUpperCase() || "?";
}

function firstLetter(word) {
  const [first] = new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(word);
  return first?.segment ?? "";
}

customElements.define("user-avatar", UserAvatar);
