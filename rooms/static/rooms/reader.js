import { actionsOn } from "rooms/models/permission";

/** The person in front of the page, as far as it matters to how a message is shown. */
export class Reader {
  constructor(chat) {
    this.chat = chat;
  }

  get id() {
    return this.chat.user.id;
  }

  /** What this person may do with a message of the room being shown; nothing while no room is. */
  may(message) {
    const { room, user } = this.chat;
    if (!room) return {};
    const role = this.chat.place.people.find(({ id }) => id === message.author.id)?.role ?? null;
    return actionsOn(message, { room, user, isMine: this.chat.isMine(message), role });
  }

  /** How many of the room's people this page has met so far: they may come after its messages. */
  get met() {
    return this.chat.place.people.length;
  }

  /** A person's name, or null where this page has not met them. */
  nameOf = (id) => {
    const { place, timeline } = this.chat;
    const person = place.people.find((member) => member.id === id);
    return (person ?? timeline?.messages.find(({ author }) => author.id === id)?.author)?.name ?? null;
  };
}
