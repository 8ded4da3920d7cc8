import { nameOf } from "rooms/dom";
import { notify } from "rooms/elements/notice_list";
import { askReason } from "rooms/elements/reason_dialog";
import { LASTING, REACHING_BACK, timeIn } from "rooms/models/durations";

const UNDOABLE = 58_000; // milliseconds in which undoing is offered; the server undoes for a minute
const THEY_READ_IT = "They are told the reason.";
const ROLES = {
  owner: "Owners do in this room all that you do. You cannot take it back.",
  moderator: "Moderators delete messages here, mute, remove and ban people, and write without waiting.",
  member: "They stay in the room, and moderate it no more.",
};
const COMES_BACK = { public: "They may join again.", private: "They come back only when somebody adds them." };

/** What those who moderate do about a person in the room being shown; everything is asked first. */
export class Measures {
  constructor(chat) {
    this.chat = chat;
  }

  mute(person) {
    return this.#ask("mute_user", person, {
      title: ["Mute ", nameOf(person.name), "?"],
      text: "They go on reading in this room, and write nothing in it while this lasts.",
      yes: "Mute",
      spans: LASTING,
    });
  }

  ban(person) {
    return this.#ask("ban_user", person, {
      title: ["Ban ", nameOf(person.name), " from this room?"],
      text: "They are out at once. While this lasts they cannot find the room, nor come back.",
      yes: "Ban",
      spans: LASTING,
    });
  }

  remove(person) {
    return this.#ask("remove_member", person, {
      title: ["Remove ", nameOf(person.name), " from this room?"],
      text: COMES_BACK[this.chat.room.kind] ?? COMES_BACK.private,
      yes: "Remove",
    });
  }

  /** Delete what a person wrote lately. */
  clear(person) {
    const { id: room } = this.chat.room;
    return askReason({
      title: ["Delete the messages of ", nameOf(person.name), "?"],
      text: "All they wrote in this room in this time is gone from it; only staff who moderate can still read it. For a minute you can undo it.",
      yes: "Delete",
      asksWhy: false,
      spans: REACHING_BACK,
      spansLabel: "Messages of",
      act: async ({ seconds }) => {
        const { deletion, count } = await this.chat.connection.request("delete_messages", { room, user: person.id, since: timeIn(-seconds) });
        this.chat.sync();
        if (count === 0) notify("Nothing was written in this time.");
        else notify(`${count} ${count === 1 ? "message was" : "messages were"} deleted.`, "info", false, this.undoing(deletion));
      },
    });
  }

  giveRole(person, role) {
    const { id: room } = this.chat.room;
    return askReason({
      title: ["Make ", nameOf(person.name), ` ${role === "owner" ? "an" : "a"} ${role}?`],
      text: ROLES[role],
      yes: `Make ${role}`,
      asksWhy: false,
      isCalm: true,
      act: async () => {
        await this.chat.change("change_role", { room, user: person.id, role });
        this.chat.openPlace();
      },
    });
  }

  async lift(sanction) {
    await this.#attempt("lift", { sanction: sanction.id });
    this.chat.sanctions.load();
  }

  /** The offer to bring back what was deleted, for a notice. */
  undoing(deletion) {
    const act = async () => {
      await this.#attempt("undo_deletion", { deletion });
      this.chat.sync();
    };
    return { name: "Undo", act, lasts: UNDOABLE };
  }

  /** Ask for the reason and perhaps for how long, then carry it out in the room. */
  #ask(command, person, question) {
    const { id: room } = this.chat.room;
    const act = async ({ reason, seconds }) => {
      const until = question.spans ? { until: timeIn(seconds) } : {};
      await this.chat.connection.request(command, { room, user: person.id, reason, ...until });
      this.chat.sanctions.load();
      this.chat.openPlace();
    };
    return askReason({ ...question, help: THEY_READ_IT, act });
  }

  async #attempt(command, payload) {
    try {
      await this.chat.connection.request(command, payload);
    } catch (refusal) {
      if (refusal.code === undefined) throw refusal;
      notify(refusal.message, "error", false);
    }
  }
}
