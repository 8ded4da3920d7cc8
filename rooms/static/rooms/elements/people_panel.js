import { arrangeChildren, copyOf, make, nameOf, part } from "rooms/dom";
import { lasting, quoted } from "rooms/elements/sanction_words";
import { showPerson } from "rooms/elements/user_avatar";
import { onceAFrame } from "rooms/frames";
import { get } from "rooms/http";
import { Measures } from "rooms/measures";

const SEARCH_DELAY = 150; // milliseconds after the last key
const WIDE = matchMedia("(min-width: 1100px)");
const TAGS = { owner: "owner", moderator: "moderator" };
const KEPT = "parley.people"; // whether the panel is wanted where there is room for it

/** The people of the room being shown: who is here, who is not, and adding and removing them. */
class PeoplePanel extends HTMLElement {
  #rows = new Map();
  #timer = null;
  #search = null;
  #place = null;

  set chat(chat) {
    this.source = chat;
    this.measures = new Measures(chat);
    this.menu = document.querySelector("person-menu");
    part(this, "close").addEventListener("click", () => this.toggle(false));
    part(this, "query").addEventListener("input", () => this.#typed());
    part(this, "add").addEventListener("submit", (event) => event.preventDefault());
    part(this, "found").addEventListener("click", (event) => this.#add(event.target.closest("[data-id]")));
    part(this, "add").addEventListener("keydown", (event) => this.#key(event));
    part(this, "people").addEventListener("click", (event) => this.#pressed(event.target.closest("[data-action]")));
    document.addEventListener("pointerdown", (event) => this.#pressedElsewhere(event));
    const show = onceAFrame(() => this.#show());
    for (const event of ["place", "people"]) chat.addEventListener(event, show);
    chat.addEventListener("place", () => this.#placeChanged());
    this.toggle(WIDE.matches && localStorage.getItem(KEPT) !== "no", false);
    // Beside the conversation it may stay; over it only when it was asked for.
    WIDE.addEventListener("change", () => this.toggle(WIDE.matches && localStorage.getItem(KEPT) !== "no", false));
  }

  #pressedElsewhere({ target }) {
    if (this.isOver && !target.closest("people-panel, room-header, dialog, [popover]")) this.toggle(false, false);
  }

  get isOver() {
    return !this.hidden && !WIDE.matches;
  }

  toggle(open = this.hidden, wanted = true) {
    this.hidden = !open;
    if (open) this.source.sanctions.load();
    const button = document.querySelector("room-header [data-part=people]");
    button.setAttribute("aria-expanded", String(open));
    if (!wanted) return;
    if (WIDE.matches) localStorage.setItem(KEPT, open ? "yes" : "no");
    if (open && !WIDE.matches) part(this, "close").focus();
    if (!open) button.focus();
  }

  #show() {
    const { place, room, presence } = this.source;
    part(this, "add").hidden = !room?.may_manage || room.archived || room.everyone;
    if (room && this.source.user.id === null) {
      this.#showToGuest(room);
      return;
    }
    const people = [...place.people].sort((a, b) => a.name.localeCompare(b.name));
    const isHere = (person) => presence.isOnline(person.id);
    arrangeChildren(part(this, "people"), [
      ...this.#section("Online", people.filter(isHere)),
      ...this.#section("Offline", people.filter((person) => !isHere(person))),
      ...this.#banned(),
    ]);
  }

  #placeChanged() {
    if (this.source.place.slug === this.#place) return;
    this.#place = this.source.place.slug;
    this.#clearSearch();
  }

  #showToGuest(room) {
    const text = `${room.members} ${room.members === 1 ? "person belongs" : "people belong"} to this room. Log in to see who they are.`;
    part(this, "people").replaceChildren(make("p", { className: "people-note", textContent: text }));
  }

  #section(title, people) {
    if (!people.length) return [];
    const rows = people.map((person) => this.#row(person));
    return [make("h3", { textContent: `${title} – ${people.length}` }), make("ul", {}, ...rows)];
  }

  #row(person) {
    const row = this.#rows.get(person.id) ?? copyOf("person-row");
    this.#rows.set(person.id, row);
    const { presence, user, room, sanctions } = this.source;
    const state = presence.state(person.id);
    row.dataset.id = person.id;
    row.classList.toggle("offline", state === "offline");
    const avatar = row.querySelector("user-avatar");
    showPerson(avatar, person);
    avatar.dataset.presence = state;
    part(row, "name").textContent = person.name;
    const tag = part(row, "role");
    tag.textContent = [TAGS[person.role], person.id === user.id && "you"].filter(Boolean).join(", ");
    tag.hidden = !tag.textContent;
    const { mute } = sanctions.against(person.id);
    part(row, "muted").hidden = !mute;
    part(row, "muted").title = mute ? `Muted ${lasting(mute.until)}: ${mute.reason}` : "";
    const more = row.querySelector("[data-action=more]");
    more.hidden = !room || !this.menu.offers(person);
    more.setAttribute("aria-label", `What to do about ${person.name}`);
    return row;
  }

  /** Those who are kept out of the room, for who may let them in again. */
  #banned() {
    const bans = this.source.sanctions.active.filter(({ kind, user }) => kind === "ban" && user);
    if (!bans.length) return [];
    const rows = bans.map(({ id, user, until, reason }) => {
      const why = make("small", {}, `${lasting(until)}: `, quoted(reason));
      const button = make("button", { className: "link-button", type: "button", textContent: "Lift", data: { action: "lift", sanction: id } });
      button.setAttribute("aria-label", `Lift the ban of ${user.name}`);
      return make("li", { className: "banned" }, make("div", {}, nameOf(user.name), why), button);
    });
    return [make("h3", { textContent: `Banned – ${bans.length}` }), make("ul", {}, ...rows)];
  }

  #pressed(button) {
    if (button?.dataset.action === "lift") this.measures.lift({ id: Number(button.dataset.sanction) });
    if (button?.dataset.action !== "more") return;
    const id = Number(button.closest(".person").dataset.id);
    this.menu.open(this.source.place.people.find((person) => person.id === id), button);
  }

  // Adding

  #typed() {
    clearTimeout(this.#timer);
    this.#search?.abort();
    const query = part(this, "query").value.trim();
    if (!query) {
      this.#clearSearch();
      return;
    }
    this.#timer = setTimeout(() => this.#find(query), SEARCH_DELAY);
  }

  async #find(query) {
    this.#search = new AbortController();
    try {
      const address = document.querySelector("chat-app").dataset.peopleUrl;
      const { people } = await get(address, { q: query }, this.#search.signal);
      const members = new Set(this.source.place.people.map((person) => person.id));
      this.#showFound(people.filter((person) => !members.has(person.id)), query);
    } catch (refusal) {
      if (refusal.name !== "AbortError") this.#say(refusal.message);
    }
  }

  #showFound(people, query) {
    const rows = people.map((person) => {
      const avatar = make("user-avatar");
      showPerson(avatar, person);
      const name = make("bdi", { className: "name", textContent: person.name });
      const username = person.username === person.name ? null : make("small", { textContent: person.username });
      return make("li", {}, make("button", { type: "button", data: { id: person.id } }, avatar, name, username));
    });
    const none = make("li", { className: "none", textContent: `Nobody outside this room matches “${query}”.` });
    part(this, "found").replaceChildren(...(rows.length ? rows : [none]));
    part(this, "found").hidden = false;
    this.#say("");
  }

  #clearSearch() {
    clearTimeout(this.#timer);
    this.#search?.abort();
    part(this, "query").value = "";
    part(this, "found").hidden = true;
    this.#say("");
  }

  #key(event) {
    if (event.key === "Escape" && !part(this, "found").hidden) {
      event.stopPropagation();
      this.#clearSearch();
      part(this, "query").focus();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const stops = [part(this, "query"), ...part(this, "found").querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    stops[(at + stops.length) % stops.length].focus();
  }

  async #add(button) {
    if (!button) return;
    try {
      await this.source.change("add_members", { room: this.source.place.id, users: [Number(button.dataset.id)] });
      this.#clearSearch();
      part(this, "query").focus();
      this.source.openPlace();
    } catch (refusal) {
      this.#say(refusal.fields.users ?? refusal.message);
    }
  }

  #say(text) {
    part(this, "add-error").textContent = text;
    part(this, "add-error").hidden = !text;
  }
}

customElements.define("people-panel", PeoplePanel);
