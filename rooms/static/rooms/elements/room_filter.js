/** Narrows a list of rooms on the page to those whose text holds what is typed. */
class RoomFilter extends HTMLElement {
  connectedCallback() {
    const input = this.querySelector("input");
    input.addEventListener("input", () => this.#filter(input.value.trim().toLocaleLowerCase()));
  }

  #filter(query) {
    let shown = 0;
    for (const item of document.querySelectorAll("[data-filter]")) {
      item.hidden = !item.dataset.filter.toLocaleLowerCase().includes(query);
      shown += item.hidden ? 0 : 1;
    }
    const none = document.querySelector("[data-none]");
    none.hidden = shown > 0;
    none.textContent = `No room matches “${query}”.`;
  }
}

customElements.define("room-filter", RoomFilter);
