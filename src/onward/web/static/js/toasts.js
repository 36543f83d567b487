// Toasts. The server sends one as HX-Trigger {"onward:toast": {text, kind, undo?}}; a script calls onward.toast(text, kind).
const SHOWN_MS = 3000;
const UNDO_MS = 8000;
const MOST = 4;
const ICONS = { success: "circle-check", error: "circle-alert", info: "info" };

customElements.define("toast-stack", class extends HTMLElement {
  push({ text, kind = "success", undo = "" }) {
    const toast = document.createElement("div");
    toast.className = `toast ${kind}`;
    const icon = document.createElement("span");
    icon.className = `icon icon-${ICONS[kind] || "info"}`;
    const said = document.createElement("p");
    said.textContent = text;
    if (kind === "error") said.setAttribute("role", "alert");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "icon-button";
    close.setAttribute("aria-label", onward.text("close"));
    close.innerHTML = '<span class="icon icon-x"></span>';
    close.addEventListener("click", () => this.drop(toast));
    toast.append(icon, said);
    if (undo) toast.append(this.undoing(undo, toast));
    toast.append(close);
    this.append(toast);
    while (this.children.length > MOST) this.firstElementChild.remove();
    this.stand();
    this.goAfter(toast, undo ? UNDO_MS : SHOWN_MS);
  }
  // Above whatever dialog is open, and in it: what is outside cannot be clicked while it is open.
  stand() {
    const place = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
    if (this.matches(":popover-open")) this.hidePopover();
    if (this.parentElement !== place) place.append(this);
    if (this.children.length) this.showPopover();
  }
  undoing(url, toast) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "undo";
    button.textContent = onward.text("undo");
    button.addEventListener("click", () => {
      this.drop(toast);
      htmx.ajax("POST", url, { source: this, target: "#main", swap: "none" });
    });
    return button;
  }
  goAfter(toast, ms) {
    // Nobody loses what they are reading.
    const due = () => (toast.matches(":hover, :focus-within") ? setTimeout(due, 1000) : this.drop(toast));
    setTimeout(due, ms);
  }
  drop(toast) {
    toast.remove();
    if (!this.children.length && this.matches(":popover-open")) this.hidePopover();
  }
});

onward.toast = (text, kind = "success", undo = "") => document.querySelector("toast-stack").push({ text, kind, undo });
document.addEventListener("onward:toast", (event) => document.querySelector("toast-stack").push(event.detail));
for (const failed of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(failed, () => onward.toast(onward.text("offline"), "error"));
