// A turn that an address marks comes into sight and has the focus, whichever way the page came: ?turn=41, or #turn-41 of a turn that is on another page.
const show = () => {
  const named = /^#turn-(\d+)$/.exec(location.hash)?.[1];
  if (named && !document.getElementById(`turn-${named}`) && document.querySelector(".session .turn")) {
    location.replace(`${location.pathname}?turn=${named}`);
    return;
  }
  const marked = (named && document.getElementById(`turn-${named}`)) || document.querySelector(".turn.is-marked");
  if (!marked) return;
  marked.scrollIntoView({ block: "center" });
  marked.focus({ preventScroll: true });
};
addEventListener("load", show);
addEventListener("hashchange", show);
document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (target.id === "main" || requestConfig?.target?.id === "main") requestAnimationFrame(show);
});
// What the credits come to is seen, also where it stands below what fits into the dialog.
document.addEventListener("htmx:afterSettle", () => {
  const outlook = document.activeElement?.matches("[name=credits]") && document.getElementById("outlook");
  if (outlook) outlook.scrollIntoView({ block: "nearest" });
});
// A filter keeps the focus when the list below it was fetched anew.
let filter = "";
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => target.id === "session-list" && (filter = document.activeElement?.id ?? ""));
document.addEventListener("htmx:afterSettle", () => {
  if (filter) document.getElementById(filter)?.focus();
  filter = "";
});
