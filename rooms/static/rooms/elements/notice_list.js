import { copyOf, part } from "rooms/dom";

const SHOWN = 8_000; // milliseconds an informing notice stays

/**
 * Short notices over the page. One that informs goes by itself, unless it is told to stay until it is dismissed; one that
 * offers something (`{name, act, lasts}`) goes with its offer, after `lasts` milliseconds.
 */
class NoticeList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-action=close]")) event.target.closest(".notice").remove();
    });
    document.addEventListener("notice", (event) => this.show(event.detail));
  }

  show({ level, text, stays, offer }) {
    const notice = copyOf("notice");
    notice.dataset.level = level;
    part(notice, "text").append(...[text].flat());
    if (offer) this.#offer(notice, offer);
    this.append(notice);
    if (!stays) setTimeout(() => notice.remove(), offer?.lasts ?? SHOWN);
  }

  #offer(notice, { name, act }) {
    const button = part(notice, "offer");
    button.textContent = name;
    button.hidden = false;
    button.addEventListener("click", () => {
      notice.remove();
      act();
    });
  }
}

/** Show a notice from anywhere in the page: a text, or nodes in which names stay isolated. */
export function notify(text, level = "info", stays = level !== "info", offer = null) {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, level, stays, offer } }));
}

customElements.define("notice-list", NoticeList);
