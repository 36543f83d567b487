// A long conversation has a window of turns in the page: what is far from the screen leaves it, and comes back as the reader nears it.
const MOST_TURNS = 30;
const FAR_SCREENS = 2;

const place = (turn) => turn.getBoundingClientRect();
// The first turn on the screen keeps its place, whatever changes above it.
const anchor = (talk) => {
  const turn = [...talk.querySelectorAll(".turn")].find((shown) => shown.checkVisibility() && place(shown).bottom > 0);
  return turn && { turn, top: place(turn).top };
};
const hold = (kept) => {
  if (kept?.turn.isConnected) scrollBy(0, place(kept.turn).top - kept.top);
};
const addLoader = (talk, query, before) => {
  const loader = document.querySelector("template[data-loads]").content.firstElementChild.cloneNode(true);
  loader.setAttribute("hx-get", `${talk.dataset.turns}?${query}`);
  talk.insertBefore(loader, before);
  htmx.process(loader);
};
const number = (turn) => Number(turn.id.slice(5));
const holds = (turn) => turn.contains(document.activeElement) || turn.matches(".is-marked");
const dropEarlier = (talk, turns) => {
  const isFar = (turn) => !holds(turn) && (!turn.checkVisibility({ contentVisibilityAuto: false }) || place(turn).bottom < -FAR_SCREENS * innerHeight);
  const first = turns.findIndex((turn, index) => !isFar(turn) || turns.length - index <= MOST_TURNS);
  if (first <= 0) return;
  const kept = anchor(talk);
  const old = talk.querySelector(".turn").previousElementSibling;
  if (old?.matches(".around")) old.remove();
  const start = turns[0].previousElementSibling?.matches(".day") ? turns[0].previousElementSibling : turns[0];
  for (let node = start; node !== turns[first];) {
    const next = node.nextElementSibling;
    node.remove();
    node = next;
  }
  addLoader(talk, `until=${number(turns[first])}`, turns[first]);
  hold(kept);
};
const dropLater = (talk, turns) => {
  const isFar = (turn) => !holds(turn) && (!turn.checkVisibility({ contentVisibilityAuto: false }) || place(turn).top > (1 + FAR_SCREENS) * innerHeight);
  const last = turns.findLastIndex((turn, index) => !isFar(turn) || index < MOST_TURNS);
  if (last === turns.length - 1) return;
  const from = number(turns[last + 1]);
  while (turns[last].nextSibling) turns[last].nextSibling.remove();
  addLoader(talk, `from=${from}`, null);
};
let kept = null;
document.addEventListener("htmx:beforeSwap", ({ detail: { target } }) => {
  kept = target.matches(".around") && target.nextElementSibling?.matches(".turn, .day") ? anchor(target.parentElement) : null;
});
document.addEventListener("htmx:afterSwap", () => {
  const isEarlier = Boolean(kept);
  hold(kept);
  kept = null;
  const talk = document.querySelector(".talk[data-turns]");
  if (!talk) return;
  const turns = [...talk.querySelectorAll(".turn")];
  if (turns.length > MOST_TURNS) (isEarlier ? dropLater : dropEarlier)(talk, turns);
});
