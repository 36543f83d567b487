// <search-box>: a combobox over what the server finds. The address keeps up with what is asked, so that it can be reloaded, sent and come back to.
customElements.define("search-box", class extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("[role=combobox]");
    this.addEventListener("keydown", (event) => event.target === this.input && this.steer(event));
    this.addEventListener("pointermove", ({ target }) => target.closest("[role=option]") && this.choose(target.closest("[role=option]"), false));
    this.addEventListener("htmx:afterSettle", () => this.answered());
  }
  get options() {
    return [...this.querySelectorAll("[role=option]")];
  }
  answered() {
    // What was asked for before one went on is answered after, and the address is another page's by then.
    if (!this.isConnected) return;
    this.input.setAttribute("aria-expanded", String(this.options.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const asked = new URLSearchParams([...new FormData(this.querySelector("form"))].filter(([, value]) => value));
    history.replaceState(history.state, "", asked.size ? `/search?${asked}` : "/search");
  }
  choose(option, scrolls = true) {
    for (const one of this.options) one.setAttribute("aria-selected", one === option);
    this.input.setAttribute("aria-activedescendant", option.id);
    if (scrolls) option.scrollIntoView({ block: "nearest" });
  }
  steer(event) {
    const all = this.options;
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: Math.min(at + 1, all.length - 1), ArrowUp: Math.max(at - 1, 0) }[event.key];
    if (to !== undefined && all.length) {
      event.preventDefault();
      this.choose(all[to]);
    } else if (event.key === "Enter" && all[at]) {
      event.preventDefault();
      all[at].click();
    }
  }
});
