import { make, nameOf, part } from "rooms/dom";
import { addressOfReport } from "rooms/staff/address";
import { ListSection } from "rooms/staff/list_section";
import "rooms/staff/report_detail";
import { span } from "rooms/times";

/** What people pointed out: what is open, or what was answered. */
class ReportSection extends ListSection {
  set desk(desk) {
    super.desk = desk;
    desk.connection.on("report_changed", () => this.list.soon());
  }

  async load(cursor) {
    const answer = await this.source.request("list_reports", { open: part(this, "state").value === "open", ...(cursor && { cursor }) });
    if (!answer) return null;
    return { items: answer.reports, next: answer.next };
  }

  keyOf(report) {
    return report.id;
  }

  async itemOf(id) {
    const answer = await this.source.request("read_report", { report: Number(id) });
    return answer?.report ?? null;
  }

  makeRow() {
    const link = make(
      "a",
      { className: "row-link two-lines" },
      make("span", { className: "row-main", data: { part: "main" } }),
      make("span", { className: "row-side", data: { part: "side" } }),
      make("span", { className: "row-more", data: { part: "more" } }),
    );
    return make("li", {}, link);
  }

  fillRow(row, report) {
    row.firstElementChild.href = addressOfReport(report.id);
    part(row, "main").replaceChildren(nameOf(report.message.author.name || "Guest"), " in ", nameOf(report.room.name));
    part(row, "side").textContent = `${span(Date.now() - new Date(report.created_at))} ago`;
    part(row, "more").replaceChildren(make("bdi", { textContent: report.body.slice(0, 200) }));
  }
}

customElements.define("report-section", ReportSection);
