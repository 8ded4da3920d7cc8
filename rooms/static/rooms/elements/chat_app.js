import { addressOf, slugOf } from "rooms/addresses";
import { Chat } from "rooms/chat";
import { part } from "rooms/dom";
import { showBan } from "rooms/elements/banned_page";
import { notify } from "rooms/elements/notice_list";
import { changeWords } from "rooms/elements/sanction_words";
import { showPerson } from "rooms/elements/user_avatar";
import { keepSession } from "rooms/session";
import { Connection } from "rooms/socket";
import { Tabs } from "rooms/tabs";
import { onWaking } from "rooms/waking";

const NARROW = matchMedia("(max-width: 700px)");
const LAST_ROOM = "parley.room"; // the room shown last, for a visit without an address
const PARTS = "room-list, room-header, connection-line, room-timeline, message-composer, people-panel";

/** The whole page: makes the chat, hands it to its parts, and keeps address, title and panes in step with it. */
class ChatApp extends HTMLElement {
  #isArriving = true; // until a room has been shown, or its list asked for

  connectedCallback() {
    const { userId, userName, userColour, userNamed, userStaff, userModerates } = this.dataset;
    const user = {
      id: userId ? Number(userId) : null,
      name: userName,
      avatar: { colour: Number(userColour), url: null },
      guest: !userId,
      named: userNamed === "true",
      staff: userStaff === "true",
      moderates: userModerates === "true",
    };
    this.chat = new Chat({ connection: new Connection("/"), user, storage: localStorage, tabStorage: sessionStorage });
    this.querySelectorAll(PARTS).forEach((element) => (element.chat = this.chat));
    document.querySelectorAll("person-menu, room-creator, room-settings").forEach((element) => (element.chat = this.chat));
    this.#listen();
    this.#knowTabs();
    keepSession(this.dataset.sessionUrl, this.chat.connection);
    this.#follow();
    this.chat.start();
  }

  /** Show a room and put it into the address. */
  go(slug) {
    if (slug !== this.chat.place.slug || location.pathname !== addressOf(slug)) history.pushState({ inside: true }, "", addressOf(slug));
    this.#follow();
  }

  #listen() {
    const { chat } = this;
    chat.addEventListener("place", () => this.#placeChanged());
    chat.addEventListener("rooms", () => this.#roomsChanged());
    chat.addEventListener("user", () => this.#showMe());
    chat.addEventListener("notice", ({ detail }) => notify(detail.text, detail.level, true));
    chat.addEventListener("left", ({ detail }) => this.#leave(detail));
    chat.addEventListener("sanction", ({ detail }) => this.#sanctioned(detail));
    chat.addEventListener("banned", ({ detail }) => showBan(detail, this.dataset.loginUrl));
    chat.connection.addEventListener("state", () => (this.dataset.connection = chat.connection.state));
    this.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#key(event));
    onWaking(() => chat.wake());
    window.addEventListener("online", () => chat.connection.hasten());
    window.addEventListener("popstate", () => this.#follow());
    window.addEventListener("beforeunload", (event) => chat.outbox.isAtRisk && event.preventDefault());
    NARROW.addEventListener("change", () => this.#follow());
  }

  /** Come back with the cookie of now when another tab was signed in or out; the server then says who one is. */
  #knowTabs() {
    const { chat } = this;
    const tabs = new Tabs(chat.user);
    tabs.addEventListener("other", () => chat.connection.renew());
    chat.addEventListener("user", () => tabs.is(chat.user));
  }

  /** Show what the address says; without a room in it, the last one where that is better than the list alone. */
  #follow() {
    const slug = slugOf(location.pathname);
    this.dataset.pane = slug === null ? "list" : "room";
    if (slug !== null) this.#isArriving = false;
    if (slug !== null || this.#isListEnough) this.chat.select(slug);
    else this.#goSomewhere();
  }

  /** On a phone the list stands alone, but who comes for the first time sees what is said here. */
  get #isListEnough() {
    const isNewHere = this.#isArriving && this.chat.user.id === null;
    return NARROW.matches && !isNewHere;
  }

  #goSomewhere() {
    const { rooms } = this.chat;
    const last = localStorage.getItem(LAST_ROOM);
    const slug = rooms.bySlug(last)?.slug ?? rooms.sorted()[0]?.slug;
    if (slug === undefined) {
      this.chat.select(null);
      return;
    }
    history.replaceState(null, "", addressOf(slug));
    this.#follow();
  }

  #placeChanged() {
    const { room, place } = this.chat;
    this.dataset.pane = place.slug === null ? "list" : "room";
    if (room) {
      localStorage.setItem(LAST_ROOM, room.slug);
      // A room may have been opened by an older name.
      if (slugOf(location.pathname) !== room.slug) history.replaceState(history.state, "", addressOf(room.slug));
    }
    this.#showTitle();
  }

  #roomsChanged() {
    this.#showTitle();
    const isIdle = this.chat.place.slug === null && this.chat.rooms.all().length > 0;
    if (isIdle && !this.#isListEnough) this.#goSomewhere();
  }

  #showTitle() {
    const { room, rooms } = this.chat;
    const unread = rooms.totalUnread;
    const count = unread > 0 ? `(${unread}) ` : "";
    document.title = count + [room?.name, this.dataset.community || "Parley"].filter(Boolean).join(" · ");
  }

  #showMe() {
    const { user } = this.chat;
    const name = part(this, "me-name") ?? this.querySelector(".me-button .name");
    name.textContent = user.name || "Guest";
    showPerson(this.querySelector(".me-button user-avatar"), { name: user.name || "Guest", avatar: user.avatar });
  }

  /** Links between rooms stay inside the page. */
  #clicked(event) {
    const link = event.target.closest("a[href]");
    if (!link || link.origin !== location.origin || link.target || event.defaultPrevented) return;
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (link.dataset.part === "back" && NARROW.matches) {
      event.preventDefault();
      this.#back();
      return;
    }
    const slug = slugOf(link.pathname);
    if (slug === null && link.pathname !== "/") return;
    event.preventDefault();
    if (slug !== null) this.go(slug);
    else this.#goHome();
  }

  #goHome() {
    history.pushState({ inside: true }, "", "/");
    this.#follow();
  }

  #back() {
    if (history.state?.inside) {
      history.back();
      return;
    }
    history.replaceState(null, "", "/");
    this.#follow();
  }

  #key(event) {
    const panel = this.querySelector("people-panel");
    if (event.key === "Escape" && panel.isOver && !document.querySelector("dialog[open], :popover-open")) panel.toggle(false);
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const slugs = this.chat.rooms.sorted().map((room) => room.slug);
    const at = slugs.indexOf(this.chat.place.slug) + (event.key === "ArrowDown" ? 1 : -1);
    if (slugs.length) this.go(slugs[(at + slugs.length) % slugs.length]);
  }

  #sanctioned(sanction) {
    const words = changeWords(sanction);
    if (words) notify(words, sanction.active ? "warning" : "info");
  }

  /** The session is another person's now: this page's state is no longer true. */
  #leave(where) {
    if (where === "reload") {
      location.reload();
      return;
    }
    const query = new URLSearchParams({ ended: this.chat.ended ?? "meanwhile", next: location.pathname });
    location.assign(`${this.dataset.loginUrl}?${query}`);
  }
}

customElements.define("chat-app", ChatApp);
