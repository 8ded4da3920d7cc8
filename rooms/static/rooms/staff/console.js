import { part } from "rooms/dom";
import { notify } from "rooms/elements/notice_list";
import { keepSession } from "rooms/session";
import { Connection } from "rooms/socket";
import { placeOf } from "rooms/staff/address";
import { Desk } from "rooms/staff/desk";
import { Tabs } from "rooms/tabs";

const STATES = { connecting: "Connecting …", online: "Live", offline: "No connection. It comes back by itself." };
const FIRST = "overview";

const REFUSALS = {
  unauthenticated: {
    title: "You are not logged in",
    text: "The console is for staff. Log in with a staff account to open it.",
    link: "Log in",
  },
  forbidden: {
    title: "This account may not use the console",
    text: "It is for staff. Ask somebody who runs this place to mark your account as staff, or log in with another one.",
    link: "Go to the chat",
  },
};

/** The console: joins the namespace of the staff, shows one section at a time, and says what to do when it is refused. */
class StaffConsole extends HTMLElement {
  #shown = null;

  connectedCallback() {
    this.staff = new Connection("/admin");
    // The same WebSocket carries the public namespace: notices come where everybody's come.
    this.everybody = new Connection("/");
    const desk = new Desk(this.staff, this.dataset);
    this.sections = new Map([...this.querySelectorAll("[data-section]")].map((section) => [section.dataset.section, section]));
    for (const element of this.querySelectorAll("[data-staff]")) element.desk = desk;
    this.staff.addEventListener("state", () => this.#connected());
    this.staff.on("session_ended", () => this.staff.renew());
    this.staff.on("report_changed", ({ open }) => this.#showReports(open));
    this.staff.on("stats", ({ open_reports: open }) => this.#showReports(open));
    this.everybody.on("notice", ({ level, text }) => notify(text, level, true));
    window.addEventListener("online", () => this.staff.hasten());
    window.addEventListener("hashchange", () => this.#show());
    keepSession(this.dataset.sessionUrl, this.staff);
    // Another tab was signed in or out: the server says what this person may see.
    const tabs = new Tabs({ id: Number(this.dataset.userId) });
    tabs.addEventListener("other", () => location.reload());
    this.#mark(placeOf(location.hash).section);
    this.staff.open();
    this.everybody.open();
  }

  async #connected() {
    const { state, refusal } = this.staff;
    this.dataset.connection = state;
    part(this, "state").textContent = STATES[state] ?? "Refused";
    this.#refuse(state === "refused" ? refusal : null);
    if (state !== "online") return;
    this.#show();
    try {
      this.#fill(await this.staff.request("overview"));
    } catch (refused) {
      if (refused.code === "forbidden") this.#refuse(refused);
      else if (refused.code !== "offline") notify(refused.message, "error");
    }
  }

  #fill(overview) {
    this.querySelector("live-stats").show(overview);
    this.querySelector("live-charts").fill(overview.history ?? []);
    this.#showReports(overview.open_reports);
  }

  /** Show what the address names. */
  #show() {
    const { section: name, id } = placeOf(location.hash);
    const section = this.#mark(name);
    if (this.#shown && this.#shown !== section) this.#shown.leave?.();
    this.#shown = section;
    section.show?.(id);
  }

  /** Only the section of that name is seen, the first if there is none; it is returned. */
  #mark(name) {
    const current = this.sections.has(name) ? name : FIRST;
    for (const [key, section] of this.sections) section.hidden = key !== current;
    for (const link of this.querySelectorAll("[data-link]")) {
      if (link.dataset.link !== current) link.removeAttribute("aria-current");
      else {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView({ block: "nearest", inline: "nearest" });
      }
    }
    return this.sections.get(current);
  }

  #showReports(open) {
    const badge = part(this, "open-reports");
    if (!badge || open === undefined) return;
    badge.hidden = !open;
    part(badge, "number").textContent = open;
  }

  #refuse(refusal) {
    part(this, "refused").hidden = refusal === null;
    part(this, "content").hidden = refusal !== null;
    if (refusal === null) return;
    const { title, text, link } = REFUSALS[refusal.code] ?? { title: "The console is closed", text: refusal.message, link: "Go to the chat" };
    part(this, "refused-title").textContent = title;
    part(this, "refused-text").textContent = text;
    const anchor = part(this, "refused-link");
    anchor.textContent = link;
    anchor.href = refusal.code === "unauthenticated" ? `${this.dataset.loginUrl}?next=/staff/` : "/";
  }
}

customElements.define("staff-console", StaffConsole);
