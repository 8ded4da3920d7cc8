import { make, nameOf, part } from "rooms/dom";
import { addressOfStaffRoom } from "rooms/staff/address";
import { Detail } from "rooms/staff/detail";
import { KeyedRows } from "rooms/staff/keyed_rows";
import * as measures from "rooms/staff/measures";
import { makeMessage, showMessage } from "rooms/staff/staff_message";
import { full } from "rooms/times";

const NEEDED = { ban_user: "ban_users" }; // what an action needs besides `moderate_rooms`

/** A report: what the message said, what was said around it, and what is answered. */
class ReportDetail extends Detail {
  set desk(desk) {
    super.desk = desk;
    this.around = new KeyedRows(part(this, "around"), {
      keyOf: ({ id }) => id,
      make: () => makeMessage(desk, () => this.item.room),
      fill: (row, message) => {
        showMessage(row, message);
        row.classList.toggle("reported", message.id === this.item.message.id);
      },
    });
    desk.connection.on("report_changed", ({ report_id: id }) => id === this.item?.id && this.soon());
  }

  begin() {
    const { room, message } = this.item;
    part(this, "title").replaceChildren(nameOf(message.author.name || "Guest"), " in ", nameOf(room.name));
    part(this, "links").replaceChildren(
      make("a", { href: addressOfStaffRoom(room.id), textContent: "The room" }),
      this.link("In the administration", `rooms/report/${this.item.id}/change/`),
    );
    this.around.show([]);
    this.#show();
  }

  refresh(report) {
    super.refresh(report);
    this.#show();
  }

  async load() {
    const { id } = this.item;
    const answer = await this.source.request("read_report", { report: id });
    if (!answer || this.item?.id !== id) return;
    this.refresh(answer.report);
    this.around.show(answer.messages);
    this.querySelector(".reported")?.scrollIntoView({ block: "nearest" });
  }

  #show() {
    const { item } = this;
    if (!item) return;
    const { reporter, reason, created_at, body } = item;
    part(this, "about").replaceChildren(reporter ? nameOf(reporter.name) : "Somebody who has gone", `, ${full(created_at)}`);
    part(this, "reason").textContent = reason;
    part(this, "body").textContent = body;
    this.#showAnswer(item);
  }

  #showAnswer({ resolved_at, resolved_by, action, resolution, message }) {
    const isOpen = !resolved_at;
    part(this, "acts").hidden = !isOpen;
    part(this, "answer").hidden = isOpen;
    if (isOpen) {
      this.#offerAnswers(message);
      return;
    }
    const name = measures.RESOLVING.find(([known]) => known === action)?.[1] ?? action;
    part(this, "answer").replaceChildren(
      make("strong", { textContent: name }),
      ` by `, resolved_by ? nameOf(resolved_by.name) : "somebody who has gone", `, ${full(resolved_at)}: `,
      make("bdi", { textContent: resolution }),
    );
  }

  #offerAnswers({ author }) {
    const place = part(this, "acts");
    if (place.dataset.shown === String(this.item.id)) return; // focus stays where it is
    place.dataset.shown = this.item.id;
    const fits = ([action]) => author.id !== null || action === "dismiss" || action === "delete_message";
    const offers = measures.RESOLVING.filter(fits).map(([action, name]) => [
      `${name} …`,
      NEEDED[action] ?? "moderate_rooms",
      () => this.source.carryOut(measures.resolve(this.item, action)),
      action === "ban_user" ? "danger" : "",
    ]);
    this.offer(place, offers);
  }
}

customElements.define("report-detail", ReportDetail);
