import { make } from "rooms/dom";
import { span } from "rooms/times";

const rate = (number) => (number ?? 0).toLocaleString(undefined, { maximumFractionDigits: 1 });
const count = (number) => (number ?? 0).toLocaleString();

const TILES = [
  ["people", "People", count],
  ["guests", "Guests", count],
  ["sockets", "Connections", count],
  ["rooms", "Rooms heard now", count],
  ["messages_per_second", "Messages / s", rate],
  ["events_per_second", "Events / s", rate],
  ["refusals", "Refusals", count],
  ["errors", "Errors", count],
  ["uptime", "Running for", (seconds) => span((seconds ?? 0) * 1_000)],
];

/** What is going on now, in numbers that come every two seconds. */
class LiveStats extends HTMLElement {
  #cells = new Map();

  set staff(connection) {
    this.replaceChildren(...TILES.map(([key, title]) => this.#tile(key, title)));
    connection.on("stats", (stats) => this.#show(stats));
    connection.addEventListener("state", async () => {
      if (connection.online) this.#show(await connection.request("overview").catch(() => ({})));
    });
  }

  #tile(key, title) {
    const value = make("dd", { textContent: "–" });
    this.#cells.set(key, value);
    return make("dl", { className: "stat", hidden: true, data: { stat: key } }, make("dt", { textContent: title }), value);
  }

  #show(stats) {
    for (const [key, , format] of TILES) {
      if (stats[key] === undefined) continue;
      const cell = this.#cells.get(key);
      cell.parentElement.hidden = false;
      cell.textContent = format(stats[key]);
      cell.parentElement.classList.toggle("bad", key === "errors" && stats[key] > 0);
    }
  }
}

customElements.define("live-stats", LiveStats);
