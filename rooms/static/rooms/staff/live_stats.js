import { make } from "rooms/dom";
import { count, megabytes, rate } from "rooms/staff/figures";
import { span } from "rooms/times";

const TILES = [
  ["people", "People", count],
  ["guests", "Guests", count],
  ["sockets", "Connections", count],
  ["transports", "WebSocket + polling", (of) => `${count(of?.websocket)} + ${count(of?.polling)}`],
  ["rooms", "Rooms heard now", count],
  ["messages_per_second", "Messages / s", rate],
  ["events_per_second", "Events / s", rate],
  ["refusals", "Refusals", count],
  ["errors", "Errors", count],
  ["dropped", "Slow readers cut", count],
  ["queue", "Writes waiting", count],
  ["memory", "Memory", megabytes],
  ["uptime", "Running for", (seconds) => span((seconds ?? 0) * 1_000)],
  ["version", "Version", (version) => version ?? "–"],
];

/** What is going on now, in numbers that come every two seconds. */
class LiveStats extends HTMLElement {
  #cells = new Map();

  set desk({ connection }) {
    this.replaceChildren(...TILES.map(([key, title]) => this.#tile(key, title)));
    connection.on("stats", (stats) => this.show(stats));
  }

  show(stats) {
    for (const [key, , format] of TILES) {
      const cell = this.#cells.get(key);
      cell.textContent = stats[key] === undefined ? "–" : format(stats[key]);
      cell.parentElement.classList.toggle("bad", key === "errors" && stats[key] > 0);
    }
  }

  #tile(key, title) {
    const value = make("dd", { textContent: "–" });
    this.#cells.set(key, value);
    return make("dl", { className: "stat", data: { stat: key } }, make("dt", { textContent: title }), value);
  }
}

customElements.define("live-stats", LiveStats);
