const YEAR = 365 * 24 * 3_600; // seconds

/** Light, dark or the system's colours; kept in a cookie so that the server's page comes in them from the start. */
class ThemeChoice extends HTMLElement {
  connectedCallback() {
    const name = `theme-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    this.querySelectorAll("input").forEach((input) => (input.name = name));
    this.show();
    this.addEventListener("change", (event) => this.choose(event.target.value));
    // Several choices may stand in one page.
    document.addEventListener("themechange", () => this.show());
  }

  show() {
    const chosen = document.documentElement.dataset.theme ?? "auto";
    this.querySelectorAll("input").forEach((input) => (input.checked = input.value === chosen));
  }

  choose(theme) {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const age = theme === "auto" ? 0 : YEAR;
    document.cookie = `theme=${theme}; path=/; max-age=${age}; samesite=lax`;
    document.dispatchEvent(new Event("themechange"));
  }
}

customElements.define("theme-choice", ThemeChoice);
