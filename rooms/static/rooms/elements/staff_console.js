import { part } from "rooms/dom";
import { notify } from "rooms/elements/notice_list";
import { keepSession } from "rooms/session";
import { Connection } from "rooms/socket";
import { Tabs } from "rooms/tabs";

const STATES = { connecting: "Connecting …", online: "Live", offline: "No connection. It comes back by itself." };

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

/** The console: joins the namespace of the staff, and says what to do when it is refused. */
class StaffConsole extends HTMLElement {
  connectedCallback() {
    this.staff = new Connection("/admin");
    // The same WebSocket carries the public namespace: notices come where everybody's come.
    this.everybody = new Connection("/");
    for (const element of this.querySelectorAll("live-stats, socket-table, room-table, activity-feed, announce-form")) {
      element.staff = this.staff;
    }
    this.staff.addEventListener("state", () => this.#show());
    this.staff.on("session_ended", () => this.staff.renew());
    this.everybody.on("notice", ({ level, text }) => notify(text, level, true));
    window.addEventListener("online", () => this.staff.hasten());
    keepSession(this.dataset.sessionUrl, this.staff);
    // Another tab was signed in or out: the server says what this person may see.
    const tabs = new Tabs({ id: Number(this.dataset.userId) });
    tabs.addEventListener("other", () => location.reload());
    this.staff.open();
    this.everybody.open();
  }

  #show() {
    const { state, refusal } = this.staff;
    this.dataset.connection = state;
    part(this, "state").textContent = STATES[state] ?? "Refused";
    part(this, "refused").hidden = state !== "refused";
    part(this, "content").hidden = state === "refused";
    if (state === "refused") this.#showRefusal(refusal);
  }

  #showRefusal(refusal) {
    const { title, text, link } = REFUSALS[refusal.code] ?? { title: "The console is closed", text: refusal.message, link: "Go to the chat" };
    part(this, "refused-title").textContent = title;
    part(this, "refused-text").textContent = text;
    const anchor = part(this, "refused-link");
    anchor.textContent = link;
    anchor.href = refusal.code === "unauthenticated" ? `${this.dataset.loginUrl}?next=/staff/` : "/";
  }
}

customElements.define("staff-console", StaffConsole);
