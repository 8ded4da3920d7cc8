import { copyOf, part } from "rooms/dom";

const SHOWN = 8_000; // milliseconds an informing notice stays

/** Short notices over the page. One that informs goes by itself, unless it is told to stay until it is dismissed. */
class NoticeList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-action=close]")) event.target.closest(".notice").remove();
    });
    document.addEventListener("notice", (event) => this.show(event.detail));
  }

  show({ level, text, stays }) {
    const notice = copyOf("notice");
    notice.dataset.level = level;
    part(notice, "text").textContent = text;
    this.append(notice);
    if (!stays) setTimeout(() => notice.remove(), SHOWN);
  }
}

/** Show a notice from anywhere in the page. */
export function notify(text, level = "info", stays = level !== "info") {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, level, stays } }));
}

customElements.define("notice-list", NoticeList);
