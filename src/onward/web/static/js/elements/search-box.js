// <search-box>: a combobox over the search results. The address follows the query, so that it can be reloaded and shared.
customElements.define("search-box", class extends HTMLElement {
  connectedCallback() {
    if (this.input) return;
    this.input = this.querySelector("[role=combobox]");
    this.addEventListener("keydown", (event) => event.target === this.input && this.onKey(event));
    this.addEventListener("pointermove", ({ target }) => target.closest("[role=option]") && this.choose(target.closest("[role=option]"), false));
    this.addEventListener("htmx:afterSettle", () => this.onResults());
  }
  get options() {
    return [...this.querySelectorAll("[role=option]")];
  }
  onResults() {
    // Late results must not change the address of another page.
    if (!this.isConnected) return;
    this.input.setAttribute("aria-expanded", String(this.options.length > 0));
    this.input.removeAttribute("aria-activedescendant");
    const params = new URLSearchParams([...new FormData(this.querySelector("form"))].filter(([, value]) => value));
    history.replaceState(history.state, "", params.size ? `/search?${params}` : "/search");
  }
  choose(option, scrolls = true) {
    for (const candidate of this.options) candidate.setAttribute("aria-selected", candidate === option);
    this.input.setAttribute("aria-activedescendant", option.id);
    if (scrolls) option.scrollIntoView({ block: "nearest" });
  }
  onKey(event) {
    const options = this.options;
    const index = options.findIndex((option) => option.getAttribute("aria-selected") === "true");
    const nextIndex = { ArrowDown: Math.min(index + 1, options.length - 1), ArrowUp: Math.max(index - 1, 0) }[event.key];
    if (nextIndex !== undefined && options.length) {
      event.preventDefault();
      this.choose(options[nextIndex]);
    } else if (event.key === "Enter" && options[index]) {
      event.preventDefault();
      options[index].click();
    }
  }
});
