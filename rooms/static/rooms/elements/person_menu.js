import { part } from "rooms/dom";
import { Measures } from "rooms/measures";
import { ROLES, measuresOn } from "rooms/models/permission";
import { placeBeside } from "rooms/placing";

/** A popover with what those who moderate may do about a person in the room being shown. */
class PersonMenu extends HTMLElement {
  #person = null;
  #mute = null;

  set chat(chat) {
    this.source = chat;
    this.measures = new Measures(chat);
    this.addEventListener("click", (event) => this.#clicked(event.target.closest("button")));
    this.addEventListener("keydown", (event) => this.#key(event));
  }

  /** Whether there is anything to offer about a person. */
  offers(person) {
    const { room, user } = this.source;
    const { roles, ...may } = measuresOn(person, { room, user });
    return roles.length > 0 || Object.values(may).some(Boolean);
  }

  /** Open beside `anchor` with what may be done about `person`, `{id, name}`. */
  open({ id, name }, anchor) {
    const { room, user, place, sanctions } = this.source;
    const role = place.people.find((member) => member.id === id)?.role ?? null;
    const { roles, ...may } = measuresOn({ id, role }, { room, user });
    this.#person = { id, name };
    this.#mute = sanctions.against(id).mute ?? null;
    part(this, "name").textContent = name;
    for (const [measure, isOffered] of Object.entries(may)) part(this, measure).hidden = !isOffered;
    for (const other of ROLES) part(this, other).hidden = !roles.includes(other);
    part(this, "lift").hidden = !may.mute || this.#mute === null;
    part(this, "line").hidden = roles.length === 0 || !may.mute;
    this.showPopover();
    placeBeside(this, anchor);
    this.#buttons[0]?.focus();
  }

  get #buttons() {
    return [...this.querySelectorAll("button:not([hidden])")];
  }

  #clicked(button) {
    if (!button) return;
    const { measure, role } = button.dataset;
    this.hidePopover();
    if (role) this.measures.giveRole(this.#person, role);
    else if (measure === "lift") this.measures.lift(this.#mute);
    else this.measures[measure](this.#person);
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const buttons = this.#buttons;
    buttons.at((buttons.indexOf(document.activeElement) + step) % buttons.length).focus();
  }
}

customElements.define("person-menu", PersonMenu);
