const SPAN = 600; // seconds: what the charts show

/** Samples of the last ten minutes, `{at, …}` with ISO 8601 times; older ones are forgotten. */
export class Series {
  #samples = [];

  replace(samples) {
    this.#samples = [...samples];
    this.#trim();
  }

  push(sample) {
    const last = this.#samples.at(-1);
    if (last && sample.at <= last.at) return;
    this.#samples.push(sample);
    this.#trim();
  }

  /** For a chart: `[seconds since 1970, …]`, then one list of values for each key. */
  columns(keys) {
    const times = this.#samples.map(({ at }) => Date.parse(at) / 1_000);
    return [times, ...keys.map((key) => this.#samples.map((sample) => sample[key] ?? null))];
  }

  /** The seconds that a chart shows, up to now. */
  get range() {
    const end = this.#samples.length ? Date.parse(this.#samples.at(-1).at) / 1_000 : Date.now() / 1_000;
    return [end - SPAN, end];
  }

  /** What was last and what was most, of one key; null before there is anything. */
  summary(key) {
    if (!this.#samples.length) return null;
    const values = this.#samples.map((sample) => sample[key] ?? 0);
    return { now: values.at(-1), most: Math.max(...values) };
  }

  #trim() {
    if (!this.#samples.length) return;
    const oldest = Date.parse(this.#samples.at(-1).at) - SPAN * 1_000;
    const first = this.#samples.findIndex(({ at }) => Date.parse(at) >= oldest);
    if (first > 0) this.#samples.splice(0, first);
  }
}
