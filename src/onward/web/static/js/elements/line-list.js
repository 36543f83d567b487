// <line-list><textarea></textarea></line-list>: a list typed line by line. The field of lines is what is sent; what is seen is a row for each line.
customElements.define("line-list", class extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("textarea");
    if (!this.field || this.rows) return;
    this.rows = document.createElement("ol");
    this.field.hidden = true;
    this.append(this.rows);
    const label = document.querySelector(`label[for="${this.field.id}"]`);
    this.idOfFirst = this.field.id;
    this.field.id += "-all";
    label?.addEventListener("click", () => this.rows.querySelector("input").focus());
    this.addEventListener("input", ({ target }) => target !== this.field && this.gather());
    this.addEventListener("keydown", (event) => this.key(event));
    this.addEventListener("paste", (event) => this.paste(event));
    this.addEventListener("onward:restored", () => this.spread(this.field.value.split("\n")));
    this.spread(this.field.value.split("\n"));
  }
  spread(lines) {
    this.rows.replaceChildren();
    for (const line of lines.length ? lines : [""]) this.rows.append(this.row(line));
    this.name();
  }
  row(text = "") {
    const row = document.createElement("li");
    const input = document.createElement("input");
    input.type = "text";
    input.value = text;
    input.defaultValue = text;
    input.autocomplete = "off";
    input.placeholder = this.field.placeholder;
    row.append(input);
    return row;
  }
  name() {
    [...this.rows.children].forEach(({ firstChild: input }, at) => {
      input.setAttribute("aria-label", `${this.dataset.line} ${at + 1}`);
      at ? input.removeAttribute("id") : (input.id = this.idOfFirst);
      if (at) input.placeholder = "";
    });
  }
  gather() {
    this.field.value = [...this.rows.querySelectorAll("input")].map((one) => one.value).filter((line) => line.trim()).join("\n");
  }
  key(event) {
    const { target: input, key } = event;
    const row = input.closest?.("li");
    if (!row || event.isComposing) return;
    if (key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (!input.value.trim()) return;
      const next = this.row(input.value.slice(input.selectionEnd));
      input.value = input.value.slice(0, input.selectionStart);
      row.after(next);
      this.changed(next, 0);
    } else if (key === "Backspace" && !input.selectionEnd && row.previousElementSibling) {
      event.preventDefault();
      const before = row.previousElementSibling.firstChild;
      const at = before.value.length;
      before.value += input.value;
      row.remove();
      this.changed(before.parentElement, at);
    } else if (key === "ArrowDown" && row.nextElementSibling) this.focusOn(event, row.nextElementSibling);
    else if (key === "ArrowUp" && row.previousElementSibling) this.focusOn(event, row.previousElementSibling);
  }
  focusOn(event, row) {
    event.preventDefault();
    row.firstChild.focus();
  }
  changed(row, at) {
    this.name();
    row.firstChild.focus();
    row.firstChild.setSelectionRange(at, at);
    row.firstChild.dispatchEvent(new Event("input", { bubbles: true }));
  }
  paste(event) {
    const lines = event.clipboardData.getData("text").split(/\r?\n/).map((line) => line.replace(/^\s*(?:[-*•]|\d+[.)])\s+/, "").trim()).filter(Boolean);
    const row = event.target.closest("li");
    if (lines.length < 2 || !row) return;
    event.preventDefault();
    const [first, ...others] = lines;
    event.target.setRangeText(first, event.target.selectionStart, event.target.selectionEnd, "end");
    let last = row;
    for (const line of others) {
      const next = this.row(line);
      last.after(next);
      last = next;
    }
    this.changed(last, last.firstChild.value.length);
  }
});
