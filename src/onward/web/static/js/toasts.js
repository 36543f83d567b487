// Toasts. The server sends one as HX-Trigger {"onward:toast": {text, kind, undo?}}; a script calls onward.toast(text, kind).
const SHOWN_MS = 3000;
const UNDO_MS = 8000;
const MAX_TOASTS = 4;
const ICONS = { success: "circle-check", error: "circle-alert", info: "info" };

customElements.define("toast-stack", class extends HTMLElement {
  push({ text, kind = "success", undo = "" }) {
    const toast = document.createElement("div");
    toast.className = `toast ${kind}`;
    const icon = document.createElement("span");
    icon.className = `icon icon-${ICONS[kind] || "info"}`;
    const message = document.createElement("p");
    message.textContent = text;
    if (kind === "error") message.setAttribute("role", "alert");
    const close = document.createElement("button");
    close.type = "button";
    close.className = "icon-button";
    close.setAttribute("aria-label", onward.text("close"));
    close.innerHTML = '<span class="icon icon-x"></span>';
    close.addEventListener("click", () => this.dismiss(toast));
    toast.append(icon, message);
    if (undo) toast.append(this.undoButton(undo, toast));
    toast.append(close);
    this.append(toast);
    while (this.children.length > MAX_TOASTS) this.firstElementChild.remove();
    this.raise();
    this.dismissAfter(toast, undo ? UNDO_MS : SHOWN_MS);
  }
  // Move the stack into the topmost open dialog: nothing outside a modal dialog can be clicked.
  raise() {
    const parent = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
    if (this.matches(":popover-open")) this.hidePopover();
    if (this.parentElement !== parent) parent.append(this);
    if (this.children.length) this.showPopover();
  }
  undoButton(url, toast) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "undo";
    button.textContent = onward.text("undo");
    button.addEventListener("click", () => {
      this.dismiss(toast);
      htmx.ajax("POST", url, { source: this, target: "#main", swap: "none" });
    });
    return button;
  }
  dismissAfter(toast, ms) {
    // A toast stays while the reader is on it.
    const expire = () => (toast.matches(":hover, :focus-within") ? setTimeout(expire, 1000) : this.dismiss(toast));
    setTimeout(expire, ms);
  }
  dismiss(toast) {
    toast.remove();
    if (!this.children.length && this.matches(":popover-open")) this.hidePopover();
  }
});

onward.toast = (text, kind = "success", undo = "") => document.querySelector("toast-stack").push({ text, kind, undo });
document.addEventListener("onward:toast", (event) => document.querySelector("toast-stack").push(event.detail));
// A request that was cancelled for a newer one is no error.
htmx.logger = (_element, event, detail) => {
  if (event === "htmx:sendAbort" || (event === "htmx:afterRequest" && detail.xhr?.status === 0)) detail.error = undefined;
};
for (const kind of ["htmx:sendError", "htmx:timeout"]) document.addEventListener(kind, () => onward.toast(onward.text("offline"), "error"));
