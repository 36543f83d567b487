// A turn in the address (?turn=41, or #turn-41 even if it is on another page of turns) is scrolled to and gets the focus.
const show = () => {
  const hashTurn = /^#turn-(\d+)$/.exec(location.hash)?.[1];
  if (hashTurn && !document.getElementById(`turn-${hashTurn}`) && document.querySelector(".session .turn")) {
    location.replace(`${location.pathname}?turn=${hashTurn}`);
    return;
  }
  const marked = (hashTurn && document.getElementById(`turn-${hashTurn}`)) || document.querySelector(".turn.is-marked");
  if (!marked) return;
  marked.scrollIntoView({ block: "center" });
  marked.focus({ preventScroll: true });
};
addEventListener("load", show);
addEventListener("hashchange", show);
document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (target.id === "main" || requestConfig?.target?.id === "main") requestAnimationFrame(show);
});
// The credit outlook stays visible while credits are entered.
document.addEventListener("htmx:afterSettle", () => {
  const outlook = document.activeElement?.matches("[name=credits]") && document.getElementById("outlook");
  if (outlook) outlook.scrollIntoView({ block: "nearest" });
});
// A filter keeps the focus when the list is refetched.
let filter = "";
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => target.id === "session-list" && (filter = document.activeElement?.id ?? ""));
document.addEventListener("htmx:afterSettle", () => {
  if (filter) document.getElementById(filter)?.focus();
  filter = "";
});
