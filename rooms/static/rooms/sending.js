import { Outbox } from "rooms/models/outbox";
import { OwnPosts } from "rooms/models/own_posts";
import { OutboxStore } from "rooms/outbox_store";
import { Turns } from "rooms/turns";
import { uuid } from "rooms/uuid";

/** What this person writes, and how it reaches the server. */
export class Sending {
  #own;

  constructor(chat, storage) {
    this.chat = chat;
    const owner = String(chat.user.id ?? "guest");
    const turns = new Turns(`parley.outbox.${owner}`);
    this.#own = new OwnPosts(storage, owner);
    this.outbox = new Outbox({
      store: new OutboxStore(owner, { journal: storage }),
      send: (entry) => this.#send(entry),
      ready: () => chat.connection.online && chat.isKnown,
      find: (room, client_id) => this.#arrived(room, client_id)?.id ?? null,
      changed: (room) => this.#changed(room),
      alone: (room, action) => turns.alone(room, action),
      tell: () => turns.tell(),
    });
    turns.heard(() => this.outbox.goOn());
  }

  post(room, body) {
    const client_id = uuid();
    this.#own.add(client_id);
    return this.outbox.add({ client_id, room, body, created_at: now() });
  }

  /** Change what a message says, one that is still on its way included. */
  edit({ id, room, client_id }, body) {
    const post = id === null ? client_id : null;
    return this.outbox.edit({ client_id: uuid(), room, message: id, post, body, created_at: now() });
  }

  /** Whether a message was written by this person (a guest: in this browser). */
  isMine({ author, client_id }) {
    return this.chat.user.id === null ? author?.id === null && this.#own.has(client_id) : author?.id === this.chat.user.id;
  }

  /** The message was seen in its room: it is no longer on its way, whether or not the ack arrived. */
  settle(message) {
    if (this.isMine(message)) this.outbox.settle(message.client_id, message.id);
  }

  /** An own message that is there; one that is still on its way is none. */
  #arrived(room, client_id) {
    const held = this.chat.timelines.get(room)?.messages ?? [];
    return held.find((message) => message.client_id === client_id && this.isMine(message)) ?? null;
  }

  async #send({ kind, client_id, room, message, body }) {
    const isPost = kind === "post";
    const command = isPost ? "post_message" : "edit_message";
    const payload = isPost ? { room, client_id, body } : { message, body };
    const answer = await this.chat.connection.request(command, payload).catch((refusal) => this.#refused(room, refusal));
    const { room: id, version } = answer.message;
    this.chat.feed.message({ room: id, version, message: answer.message }, isPost);
    return answer.message;
  }

  #refused(room, refusal) {
    if (refusal.slowMode) {
      this.chat.rooms.wait(room, refusal.retryAfter);
      this.chat.tell("rooms");
    }
    throw refusal;
  }

  #changed(room) {
    // Another tab of the same guest may have written it.
    if (room !== null) this.outbox.of(room).forEach((entry) => this.#own.add(entry.client_id));
    this.chat.tell(...(room === null ? ["connection"] : ["timeline", room]));
  }
}

function now() {
  return new Date().toISOString();
}
