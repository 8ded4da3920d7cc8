import { make, part } from "rooms/dom";
import { confirmed } from "rooms/elements/confirm_dialog";
import { FormDialog } from "rooms/elements/form_dialog";
import { PACES, paceName } from "rooms/models/slow_mode";

const KINDS = {
  public: "Public: everybody with an account can join",
  private: "Private: only people who were added",
  direct: "Direct conversation",
  announcement: "Announcements: only owners write",
};

/** What the room being shown is, and changing it for those who may. */
class RoomSettings extends FormDialog {
  set chat(chat) {
    super.chat = chat;
    this.linkGuests();
    part(this, "leave").addEventListener("click", () => this.#leave());
  }

  open() {
    const { room } = this.source;
    if (!room) return;
    this.room = room;
    this.#showFacts(room);
    this.#fill(room);
    super.open();
  }

  #showFacts(room) {
    const mayManage = Boolean(room.may_manage);
    const facts = [["Kind", KINDS[room.kind] ?? room.kind], ["People", String(room.members ?? this.source.place.people.length)]];
    if (!mayManage && room.topic) facts.unshift(["Topic", room.topic]);
    if (!mayManage && room.guests_may_read) facts.push(["Guests", room.guests_may_post ? "may read and write" : "may read"]);
    if (!mayManage && room.archived) facts.push(["State", "Archived: nobody writes any more"]);
    else if (!mayManage && room.read_only) facts.push(["State", "Read-only: nobody posts; everything can be read"]);
    if (!mayManage && room.slow_mode) facts.push(["Slow mode", `One message every ${paceName(room.slow_mode)}`]);
    const rows = facts.flatMap(([term, text]) => [make("dt", { textContent: term }), make("dd", { textContent: text, dir: "auto" })]);
    part(this, "facts").replaceChildren(...rows);
    this.querySelector("h2").replaceChildren(make("bdi", { textContent: room.name }));
    part(this, "manage").hidden = !mayManage;
    part(this, "save").hidden = !mayManage;
    part(this, "cancel").textContent = mayManage ? "Cancel" : "Close";
    part(this, "leave").hidden = !room.role || Boolean(room.everyone);
    part(this, "guests").hidden = room.kind !== "public";
  }

  #fill(room) {
    const { name, topic, guests_may_read, guests_may_post, slow_mode, read_only, archived } = this.form.elements;
    name.value = room.name;
    topic.value = room.topic ?? "";
    guests_may_read.checked = room.guests_may_read;
    guests_may_post.checked = room.guests_may_post;
    slow_mode.replaceChildren(...pacesWith(room.slow_mode).map((pace) => new Option(pace ? paceName(pace) : "Off", pace)));
    slow_mode.value = room.slow_mode;
    read_only.checked = room.read_only;
    archived.checked = room.archived;
  }

  async submit() {
    const changes = this.#changes();
    if (Object.keys(changes).length) await this.source.change("update_room", { room: this.room.id, ...changes });
  }

  /** Only what was changed here: another's change of the rest, made meanwhile, stays. */
  #changes() {
    const { name, topic, guests_may_read, guests_may_post, slow_mode, read_only, archived } = this.form.elements;
    const wanted = {
      name: name.value.trim(),
      topic: topic.value.trim(),
      guests_may_read: guests_may_read.checked,
      guests_may_post: guests_may_post.checked,
      slow_mode: Number(slow_mode.value),
      read_only: read_only.checked,
      archived: archived.checked,
    };
    return Object.fromEntries(Object.entries(wanted).filter(([field, value]) => value !== (this.room[field] ?? "")));
  }

  async #leave() {
    const { room } = this;
    const text =
      room.kind === "public" ? "You can join again whenever you like." : "It is private: you only come back when somebody adds you.";
    this.dialog.close();
    if (!(await confirmed({ title: `Leave ${room.name}?`, text, yes: "Leave" }))) return;
    this.dialog.showModal();
    this.attempt(() => this.source.leave(room));
  }
}

/** The paces to choose from; another one that holds, set by a command, is one of them. */
function pacesWith(pace) {
  return [...new Set([...PACES, pace])].sort((a, b) => a - b);
}

customElements.define("room-settings", RoomSettings);
