import { part } from "rooms/dom";
import { muteWords } from "rooms/elements/sanction_words";
import { muteIn } from "rooms/models/permission";
import { countdown, isSlowFor, paceName, waitIn } from "rooms/models/slow_mode";

const TICK = 1_000; // milliseconds between two looks at a clock that runs down
const LOOK = 3_600_000; // milliseconds until a far end is looked at again: timers do not reach further than some days

/** The line that says why what is written here cannot leave just now, and that looks again when it can. */
export class ComposerGate {
  #timer = null;
  #isTurn = true;
  #isMuted = false;

  /** `look()` is called when something may have changed by the clock alone. */
  constructor(composer, look) {
    this.look = look;
    for (const name of ["gate", "gate-text", "gate-left"]) this[name] = part(composer, name);
  }

  /** Whether what is being written may leave: who edits does not wait for a turn. */
  isOpen(isEdit) {
    return !this.#isMuted && (isEdit || this.#isTurn);
  }

  show(room) {
    clearTimeout(this.#timer);
    const mute = room && muteIn(room);
    const wait = room ? waitIn(room) : 0;
    this.#isMuted = Boolean(mute);
    this.#isTurn = wait === 0;
    this.gate.hidden = !mute && !(room && isSlowFor(room));
    this.gate.classList.toggle("muted", this.#isMuted);
    this["gate-left"].textContent = mute || wait === 0 ? "" : `in ${countdown(wait)}`;
    if (mute) this.#say(muteWords(mute));
    else if (!this.gate.hidden) this.#say([`Slow mode: one message every ${paceName(room.slow_mode)}`]);
    if (mute) this.#lookIn(mute.until === null ? LOOK : Math.min(Date.parse(mute.until) - Date.now(), LOOK));
    else if (wait > 0) this.#lookIn(Math.min(wait, TICK));
  }

  /** Only what is new is read out to who listens. */
  #say(words) {
    const text = words.map((word) => word.textContent ?? word).join("");
    if (this["gate-text"].textContent !== text) this["gate-text"].replaceChildren(...words);
  }

  #lookIn(pause) {
    this.#timer = setTimeout(this.look, pause);
  }
}
