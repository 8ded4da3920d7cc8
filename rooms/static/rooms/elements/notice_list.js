import { copyOf, part } from "rooms/dom";

const SHOWN = 8_000; // milliseconds an informing notice stays

/** Short notices over the page; warnings and errors stay until they are dismissed. */
class NoticeList extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", (event) => {
      if (event.target.closest("[data-action=close]")) event.target.closest(".notice").remove();
    });
    document.addEventListener("notice", (event) => this.show(event.detail));
  }

  show({ level = "info", text }) {
    const notice = copyOf("notice");
    notice.dataset.level = level;
    part(notice, "text").textContent = text;
    this.append(notice);
    if (level === "info") setTimeout(() => notice.remove(), SHOWN);
  }
}

/** Show a notice from anywhere in the page. */
export function notify(text, level = "info") {
  document.dispatchEvent(new CustomEvent("notice", { detail: { text, level } }));
}

customElements.define("notice-list", NoticeList);
