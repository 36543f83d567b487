// <line-list><textarea></textarea></line-list>: a list edited line by line. The text area is sent; the reader sees input row per line.
customElements.define("line-list", class extends HTMLElement {
  connectedCallback() {
    this.field = this.querySelector("textarea");
    if (!this.field || this.rows) return;
    this.rows = document.createElement("ol");
    this.field.hidden = true;
    this.append(this.rows);
    const label = document.querySelector(`label[for="${this.field.id}"]`);
    this.firstId = this.field.id;
    this.field.id += "-all";
    label?.addEventListener("click", () => this.rows.querySelector("input").focus());
    this.addEventListener("input", ({ target }) => target !== this.field && this.collect());
    this.addEventListener("keydown", (event) => this.onKey(event));
    this.addEventListener("paste", (event) => this.onPaste(event));
    this.addEventListener("onward:restored", () => this.setLines(this.field.value.split("\n")));
    this.setLines(this.field.value.split("\n"));
  }
  setLines(lines) {
    this.rows.replaceChildren();
    for (const line of lines.length ? lines : [""]) this.rows.append(this.row(line));
    this.labelRows();
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
  labelRows() {
    [...this.rows.children].forEach(({ firstChild: input }, index) => {
      input.setAttribute("aria-label", `${this.dataset.line} ${index + 1}`);
      index ? input.removeAttribute("id") : (input.id = this.firstId);
      if (index) input.placeholder = "";
    });
  }
  collect() {
    this.field.value = [...this.rows.querySelectorAll("input")].map((input) => input.value).filter((line) => line.trim()).join("\n");
  }
  onKey(event) {
    const { target: input, key } = event;
    const row = input.closest?.("li");
    if (!row || event.isComposing) return;
    if (key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (!input.value.trim()) return;
      const next = this.row(input.value.slice(input.selectionEnd));
      input.value = input.value.slice(0, input.selectionStart);
      row.after(next);
      this.focusRow(next, 0);
    } else if (key === "Backspace" && !input.selectionEnd && row.previousElementSibling) {
      event.preventDefault();
      const previous = row.previousElementSibling.firstChild;
      const index = previous.value.length;
      previous.value += input.value;
      row.remove();
      this.focusRow(previous.parentElement, index);
    } else if (key === "ArrowDown" && row.nextElementSibling) this.focusOn(event, row.nextElementSibling);
    else if (key === "ArrowUp" && row.previousElementSibling) this.focusOn(event, row.previousElementSibling);
  }
  focusOn(event, row) {
    event.preventDefault();
    row.firstChild.focus();
  }
  focusRow(row, index) {
    this.labelRows();
    row.firstChild.focus();
    row.firstChild.setSelectionRange(index, index);
    row.firstChild.dispatchEvent(new Event("input", { bubbles: true }));
  }
  onPaste(event) {
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
    this.focusRow(last, last.firstChild.value.length);
  }
});
