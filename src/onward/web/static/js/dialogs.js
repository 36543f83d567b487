// Dialogs: opened by data-opens or fetched by data-fetches; closed by data-closes, Escape or a click outside.
let requester = null;
// A button is disabled during its request, so it no longer has the focus when the fetched dialog opens.
document.addEventListener("htmx:beforeRequest", ({ detail: { elt } }) => (requester = elt));
const open = (dialog) => {
  dialog.opener = document.activeElement === document.body && "fetched" in dialog.dataset ? requester : document.activeElement;
  dialog.showModal();
  (dialog.querySelector("[autofocus]") || dialog.querySelector("input:not([type=hidden]), textarea, select") || dialog).focus();
  dialog.dispatchEvent(new CustomEvent("onward:open", { bubbles: true }));
};
onward.open = (id) => open(document.getElementById(id));
onward.fetchDialog = (url, source) => htmx.ajax("GET", url, { source, target: "body", swap: "beforeend" }).catch(() => {});

document.addEventListener("click", ({ target }) => {
  const opens = target.closest?.("[data-opens]");
  if (opens) onward.open(opens.dataset.opens);
  const fetches = target.closest?.("[data-fetches]");
  if (fetches) onward.fetchDialog(fetches.dataset.fetches, fetches);
  const dialog = target.closest?.("dialog");
  // A link closes the dialog and leaves the page.
  if (dialog && (target.closest("[data-closes], a[href]:not([download])") || (target === dialog && !isDirty(dialog)))) dialog.close();
});
// A click outside does not discard input.
const isDirty = (dialog) => [...dialog.querySelectorAll("input[type=text], input:not([type]), textarea")].some((field) => field.value !== field.defaultValue && dialog.id !== "palette");

document.addEventListener("close", ({ target }) => {
  if (!(target instanceof HTMLDialogElement)) return;
  if (target.querySelector("toast-stack")) document.querySelector("toast-stack").raise();
  target.opener?.isConnected && target.opener.focus();
  if ("fetched" in target.dataset) target.remove();
}, true);
document.addEventListener("onward:open", ({ target }) => {
  const name = target.querySelector("[data-confirm]");
  if (name) target.querySelector("footer .button:last-child").disabled = true;
});
htmx.onLoad((element) => {
  for (const dialog of [element, ...element.querySelectorAll("dialog[data-fetched]")]) if (dialog.matches("dialog[data-fetched]:not([open])")) open(dialog);
});
// The server closes the dialogs after their action.
const closeAll = () => document.querySelectorAll("dialog[open]").forEach((dialog) => dialog.close());
document.addEventListener("onward:close", closeAll);
// On navigation, dialogs close and toasts move to the new page.
document.addEventListener("htmx:beforeSwap", ({ detail: { target, shouldSwap } }) => {
  if (target.id !== "main" || !shouldSwap) return;
  closeAll();
  document.querySelector("toast-stack").raise();
});

// A menu opens below its button and closes on a choice.
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!menu.matches?.(".menu")) return;
  // Remove the position: htmx would copy it as a style attribute, which the Content-Security-Policy forbids.
  if (event.newState !== "open") return menu.removeAttribute("style");
  const button = document.querySelector(`[popovertarget="${menu.id}"]`).getBoundingClientRect();
  const left = Math.max(8, Math.min(button.left, innerWidth - menu.offsetWidth - 8));
  const top = button.bottom + menu.offsetHeight + 8 > innerHeight ? Math.max(8, button.top - menu.offsetHeight - 4) : button.bottom + 4;
  menu.style.left = `${left + scrollX}px`;
  menu.style.top = `${top + scrollY}px`;
}, true);
document.addEventListener("click", ({ target }) => target.closest?.("[popover]:popover-open :is(a, button)") && target.closest("[popover]").hidePopover());
