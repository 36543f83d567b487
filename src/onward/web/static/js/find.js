// Find in a session: every match in the conversation is marked; Enter and Shift+Enter, or ] and [, go from match to match, over all its turns.
let ranges = [];
let index = -1;

const field = () => document.getElementById("find-in");
const query = () => field()?.value.trim() ?? "";
const shownTurns = () => [...document.querySelectorAll(".talk .turn")];
const ordinal = (turn) => Number(turn.id.slice(5));
const turnOf = (range) => range.startContainer.parentElement.closest(".turn");
const metTurns = () => [...document.querySelectorAll("#met [data-turn]")];

const collect = () => {
  const words = query();
  const met = new Set(metTurns().map((link) => Number(link.dataset.turn)));
  const wanted = shownTurns().filter((turn) => met.has(ordinal(turn)) || turn.classList.contains("is-marked"));
  if (words) wanted.forEach(onward.unfold);
  ranges = words ? wanted.flatMap((turn) => onward.findWords(turn, words)) : [];
  onward.mark("match", ranges);
};
const tell = () => {
  const form = field()?.form;
  if (!form) return;
  const met = metTurns();
  const at = index < 0 || !ranges[index] ? 0 : met.findIndex((link) => Number(link.dataset.turn) === ordinal(turnOf(ranges[index]))) + 1;
  // Matches, where all of their turns are shown; else turns.
  const shown = new Set(shownTurns().map(ordinal));
  const [place, all] = met.every((link) => shown.has(Number(link.dataset.turn))) ? [index + 1, ranges.length] : [at, met.length];
  form.querySelector("output").textContent = met.length ? `${place ? `${place.toLocaleString(onward.language)} / ` : ""}${all.toLocaleString(onward.language)}` : "";
  for (const button of form.querySelectorAll("[data-match]")) button.hidden = !met.length;
};
const choose = (next) => {
  index = next;
  onward.mark("match-now", ranges[index] ? [ranges[index]] : []);
  if (ranges[index]) onward.showRange(ranges[index]);
  tell();
};
// The match of the turn that the address names; what is cut off there is fetched first.
const chooseMarked = () => {
  const turn = document.querySelector(".talk .turn.is-marked");
  if (!turn || !query()) return;
  const first = ranges.findIndex((range) => turn.contains(range.startContainer));
  const more = turn.querySelector(".button[hx-get*='/turns/']");
  if (first >= 0) choose(first);
  else if (more) more.click();
};
const step = (delta) => {
  if (!query()) return false;
  const current = ranges[index] ? ordinal(turnOf(ranges[index])) : 0;
  const next = index + delta;
  if (ranges[next] && index >= 0) choose(next);
  else if (index < 0 && ranges.length) choose(delta > 0 ? 0 : ranges.length - 1);
  else {
    const links = delta > 0 ? metTurns() : metTurns().reverse();
    const shown = new Set(shownTurns().map(ordinal));
    const far = links.find((link) => (Number(link.dataset.turn) - current) * delta > 0 && !shown.has(Number(link.dataset.turn)));
    if (far) far.click();
    else if (ranges.length) choose(delta > 0 ? 0 : ranges.length - 1);
  }
  return true;
};
onward.stepMatch = step;

const renew = () => {
  const range = ranges[index];
  const at = range && [range.startContainer, range.startOffset];
  collect();
  index = at ? ranges.findIndex((candidate) => candidate.startContainer === at[0] && candidate.startOffset === at[1]) : -1;
  onward.mark("match-now", ranges[index] ? [ranges[index]] : []);
  tell();
};
document.addEventListener("htmx:afterSettle", ({ detail: { target, elt } }) => {
  if (target.id !== "main" && !target.closest?.(".talk") && !elt.closest?.(".talk")) return;
  const isNew = target.id === "main" || !ranges.length;
  renew();
  if (isNew || (index < 0 && document.querySelector(".turn.is-marked"))) requestAnimationFrame(chooseMarked);
});
addEventListener("load", () => {
  renew();
  chooseMarked();
});
document.addEventListener("onward:leave", () => ["match", "match-now"].forEach((name) => onward.mark(name, [])));
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-match]");
  if (button) step(Number(button.dataset.match));
});
document.addEventListener("keydown", (event) => {
  if (event.target === field() && event.key === "Enter" && !event.isComposing) {
    event.preventDefault();
    step(event.shiftKey ? -1 : 1);
  }
});
document.addEventListener("submit", (event) => event.target.matches(".find-in") && event.preventDefault(), true);
