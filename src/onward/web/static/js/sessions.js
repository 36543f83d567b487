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
// A star bookmarks its turn; B does so for the turn with the focus, or the first one on the screen.
const star = async (bookmark) => {
  const isSet = bookmark.querySelector(".star").getAttribute("aria-pressed") === "true";
  const turn = bookmark.closest(".turn");
  const hadFocus = bookmark.contains(document.activeElement);
  await htmx.ajax(isSet ? "DELETE" : "POST", bookmark.dataset.bookmark, { source: bookmark, target: bookmark, swap: "outerHTML" }).catch(() => {});
  if (hadFocus) turn.querySelector(".star")?.focus();
};
onward.bookmark = () => {
  const turn = document.activeElement?.closest(".turn") ?? [...document.querySelectorAll(".talk .turn")].find((shown) => shown.checkVisibility() && shown.getBoundingClientRect().bottom > 140);
  const bookmark = turn?.querySelector(".bookmark:has(.star)");
  if (bookmark) star(bookmark);
};
document.addEventListener("click", ({ target }) => {
  const bookmark = target.closest?.(".star")?.closest(".bookmark");
  if (bookmark) star(bookmark);
});
document.addEventListener("onward:bookmark", ({ detail }) => {
  const bookmark = document.querySelector(`#turn-${detail.value} .bookmark`);
  if (bookmark) htmx.ajax("GET", bookmark.dataset.bookmark, { source: bookmark, target: bookmark, swap: "outerHTML" }).catch(() => {});
});
// The overview: a column goes to its turns, a name in its legend to the next turn of that kind.
let reached = 0;
const currentTurn = () => {
  const place = document.getElementById(`turn-${reached}`)?.getBoundingClientRect();
  if (place && place.bottom > 0 && place.top < innerHeight) return reached;
  const shown = [...document.querySelectorAll(".talk .turn")].findLast((turn) => turn.getBoundingClientRect().top < 120);
  return shown ? Number(shown.id.slice(5)) : 0;
};
const goTo = (number) => {
  reached = number;
  const turn = document.getElementById(`turn-${number}`);
  if (!turn) {
    htmx.ajax("GET", `${location.pathname}?turn=${number}`, { target: "#main", swap: "outerHTML", push: "true", headers: { "HX-Boosted": "true" } });
    return;
  }
  turn.scrollIntoView({ block: "start" });
  turn.focus({ preventScroll: true });
};
// Only the turns of one kind; more of them are loaded while the page has room.
document.addEventListener("click", ({ target, clientX }) => {
  const button = target.closest?.("[data-only]");
  if (button) {
    button.closest(".talk").dataset.shows = button.dataset.only;
    for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
  }
  const picture = target.closest?.("[data-turns-per-column]");
  if (picture) {
    const { left, width } = picture.getBoundingClientRect();
    const { columns, turnsPerColumn } = picture.dataset;
    goTo(Math.floor(((clientX - left) / width) * columns) * turnsPerColumn + 1);
  }
  const events = target.closest?.("[data-next-of]");
  if (!events) return;
  const turns = events.dataset.nextOf.split(" ").map(Number);
  const from = currentTurn();
  goTo(turns.find((turn) => turn > from) ?? turns[0]);
});
