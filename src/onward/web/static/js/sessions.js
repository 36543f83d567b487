// A turn in the address (?turn=41, or #turn-41 even if it is on another page of turns) is scrolled to and gets the focus.
const show = () => {
  if (onward.keepsPlace) return;
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
// J and K go from turn to turn, ] and [ from request to request.
const go = (turns, delta) => {
  const top = 120;
  const focused = document.activeElement?.closest(".turn");
  const at = focused && turns.includes(focused) ? turns.indexOf(focused) : -1;
  const above = turns.findLastIndex((turn) => turn.getBoundingClientRect().top < (focused ? focused.getBoundingClientRect().top : top));
  const next = turns[at >= 0 ? at + delta : delta > 0 ? above + 1 : above];
  if (!next) return;
  next.scrollIntoView({ block: "start" });
  next.focus({ preventScroll: true });
};
onward.stepTurn = (delta) => go([...document.querySelectorAll(".talk .turn")].filter((turn) => turn.checkVisibility()), delta);
onward.stepRequest = (delta) => go([...document.querySelectorAll(".talk .turn.user:not(.injected)")].filter((turn) => turn.checkVisibility()), delta);
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
// Only the turns of one kind; more of them are loaded while the page has room.
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-only]");
  if (button) {
    button.closest(".talk").dataset.shows = button.dataset.only;
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  }
  const column = target.closest?.("[data-goes-to]");
  if (!column) return;
  const turn = document.getElementById(`turn-${column.dataset.goesTo}`);
  if (turn) turn.scrollIntoView({ block: "start" });
  else htmx.ajax("GET", `${location.pathname}?turn=${column.dataset.goesTo}`, { target: "#main", swap: "outerHTML", push: "true", headers: { "HX-Boosted": "true" } });
});
