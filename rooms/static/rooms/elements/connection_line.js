import { part } from "rooms/dom";

const PATIENCE = 2_000; // milliseconds without a connection before it is said

const KEPT_HERE =
  "No connection. You can go on writing, and it is sent when the connection is back; until then leave this page open, as this browser keeps nothing for it.";

const ENDED = {
  signed_out: "You were signed out.",
  password_changed: "The password was changed.",
  deactivated: "This account was deactivated.",
  banned: "You were banned.",
  expired: "The session has expired.",
  revoked: "This session was ended.",
  not_staff: "You are no longer staff.",
};

/** A thin line that says when there is no connection, and what happens to what is written. */
class ConnectionLine extends HTMLElement {
  #timer = null;

  set chat(chat) {
    this.source = chat;
    chat.addEventListener("connection", () => this.#changed());
    chat.addEventListener("user", () => this.#changed());
    this.#changed();
  }

  #changed() {
    const { connection, ended } = this.source;
    clearTimeout(this.#timer);
    if (connection.state === "online" && !ended) this.hidden = true;
    else if (connection.state === "refused" || ended) this.#show();
    else this.#timer = setTimeout(() => this.#show(), PATIENCE);
  }

  #show() {
    part(this, "text").textContent = this.#sentence();
    part(this, "login").hidden = this.source.connection.refusal?.code !== "unauthenticated";
    this.hidden = false;
  }

  #sentence() {
    const { connection, ended, outbox } = this.source;
    if (connection.refusal?.code === "unauthenticated") return "Log in to talk here.";
    if (connection.state === "refused") return connection.refusal.message;
    if (ended) return `${ENDED[ended] ?? "The session has ended."} Connecting again …`;
    if (connection.refusal) return `The server is busy: ${connection.refusal.message}`;
    if (!outbox.lasting) return KEPT_HERE;
    return "No connection. You can go on writing: it is kept here and sent when the connection is back.";
  }
}

customElements.define("connection-line", ConnectionLine);
