import uPlot from "uplot";
import { make } from "rooms/dom";
import { onceAFrame } from "rooms/frames";
import { count, megabytes, rate } from "rooms/staff/figures";
import { Series } from "rooms/staff/series";
import { shortClock } from "rooms/times";

const HEIGHT = 150; // pixels
const AXIS = 52; // pixels for the numbers at the side
const CHARTS = [
  { title: "People and connections", lines: [["people", "People", "--accent"], ["sockets", "Connections", "--away"]], format: count },
  { title: "Messages per second", lines: [["messages_per_second", "Messages", "--accent"]], format: rate },
  { title: "Events per second", lines: [["events_per_second", "Events", "--accent"]], format: rate },
  { title: "Memory", lines: [["memory", "Memory", "--accent"]], format: megabytes },
];

/** The last ten minutes, drawn; what each chart shows stands below it in words. */
class LiveCharts extends HTMLElement {
  #series = new Series();
  #charts = [];
  #draw = onceAFrame(() => this.#charts.forEach((chart) => chart.draw(this.#series)));

  set desk({ connection }) {
    this.#charts = CHARTS.map((kind) => new Chart(kind));
    this.replaceChildren(...this.#charts.map(({ element }) => element));
    connection.on("stats", (stats) => {
      this.#series.push(stats);
      this.#draw();
    });
    const recolour = () => {
      this.#charts.forEach((chart) => chart.recolour());
      this.#draw();
    };
    document.addEventListener("themechange", recolour);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolour);
    new ResizeObserver(this.#draw).observe(this);
  }

  /** What the server still knows of the last ten minutes. */
  fill(history) {
    this.#series.replace(history);
    this.#draw();
  }
}

class Chart {
  #plot = null;

  constructor({ title, lines, format }) {
    this.lines = lines;
    this.format = format;
    const keys = lines.length > 1 ? lines.map(([, name], index) => make("span", { className: `key key-${index}`, textContent: name })) : [];
    this.place = make("div", { className: "chart-place", attributes: { "aria-hidden": "true" } });
    this.words = make("p", { className: "help", data: { part: "words" }, textContent: "–" });
    const head = make("div", { className: "chart-head" }, make("h2", { textContent: title }), ...keys);
    this.element = make("div", { className: "chart" }, head, this.place, this.words);
  }

  draw(series) {
    this.words.textContent = this.lines.map(([key, name]) => this.#say(series.summary(key), name)).join(" ");
    const width = this.place.clientWidth;
    if (!width) return; // another section is shown
    const data = series.columns(this.lines.map(([key]) => key));
    this.range = series.range;
    this.#plot ??= new uPlot(this.#options(width), data, this.place);
    if (this.#plot.width !== width) this.#plot.setSize({ width, height: HEIGHT });
    this.#plot.setData(data);
  }

  /** The colours of the page have changed: a canvas does not follow by itself. */
  recolour() {
    this.#plot?.destroy();
    this.#plot = null;
  }

  #say(summary, name) {
    const what = this.lines.length > 1 ? `${name}: ` : "";
    if (!summary) return `${what}nothing yet.`;
    return `${what}${this.format(summary.now)} now, at most ${this.format(summary.most)} in ten minutes.`;
  }

  #options(width) {
    const quiet = colourOf(this.place, "--text-quiet");
    const grid = { stroke: colourOf(this.place, "--line"), width: 1 };
    const font = "12px system-ui, sans-serif";
    const axis = { stroke: quiet, font, grid, ticks: { show: false } };
    const format = (plot, values) => values.map(this.format);
    const times = (plot, values) => values.map((value) => shortClock(value * 1_000));
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { range: () => this.range }, y: { range: (plot, low, high) => [0, Math.max(1, high ?? 0) * 1.15] } },
      axes: [
        { ...axis, values: times, space: 70, size: 24, grid: { show: false } },
        { ...axis, values: format, size: AXIS, space: 26, incrs: stepsOf(this.format) },
      ],
      series: [{}, ...this.lines.map(([, name, colour]) => ({ label: name, stroke: colourOf(this.place, colour), width: 2, points: { show: false } }))],
    };
  }
}

/** Bytes are counted in twos, everything else in tens. */
function stepsOf(format) {
  if (format === megabytes) return [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000].map((number) => number * 1_048_576);
  return [...(format === rate ? [0.2, 0.5] : []), 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
}

/** A colour of the page as a canvas takes it: in the scheme of now. */
function colourOf(element, name) {
  const probe = make("span", { hidden: true });
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

customElements.define("live-charts", LiveCharts);
