import { arrangeChildren, icon, make } from "rooms/dom";
import { chipsOf } from "rooms/models/reactions";

/** The reactions to one message, each with its count, and one's own marked. */
export class ReactionChips {
  #chips = new Map();
  #more = null;
  #shown = "";

  constructor(container) {
    this.container = container;
  }

  /** Show a message's reactions as `reader` sees them. */
  show({ version, reactions = [] }, reader, mayReact) {
    const shown = `${version} ${mayReact} ${reader.met}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.container.hidden = reactions.length === 0;
    const chips = chipsOf(reactions, reader.id, reader.nameOf).map((chip) => this.#chip(chip, mayReact));
    if (mayReact && chips.length) chips.push((this.#more ??= moreButton()));
    // A chip that stays is the same element, so neither focus nor pointer loses it.
    arrangeChildren(this.container, chips);
    const kept = new Set(reactions.map(({ emoji }) => emoji));
    for (const emoji of this.#chips.keys()) if (!kept.has(emoji)) this.#chips.delete(emoji);
  }

  #chip({ emoji, count, isMine, who }, mayReact) {
    const chip = this.#chips.get(emoji) ?? chipFor(emoji);
    this.#chips.set(emoji, chip);
    chip.disabled = !mayReact;
    chip.title = `${who} reacted with ${emoji}`;
    chip.setAttribute("aria-label", `${emoji} ${count}: ${who}`);
    chip.setAttribute("aria-pressed", String(isMine));
    chip.querySelector(".chip-count").textContent = count;
    return chip;
  }
}

function chipFor(emoji) {
  const pill = make("span", { className: "pill" }, make("span", { className: "chip-emoji", textContent: emoji }), make("span", { className: "chip-count" }));
  return make("button", { type: "button", className: "chip", data: { act: "toggle", emoji } }, pill);
}

function moreButton() {
  const attributes = { "aria-label": "Add a reaction", title: "Add a reaction" };
  return make("button", { type: "button", className: "chip more", data: { act: "react" }, attributes }, make("span", { className: "pill" }, icon("add-smile")));
}
