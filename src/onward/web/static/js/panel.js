// The source of a line opens in a panel beside it, with the turns around it and the line's words marked. The page keeps its place.
const MIN_WORD = 4;
const HEAD = 64;
let opener = null;

const panel = () => document.getElementById("panel");
const close = (returnsFocus = true) => {
  const element = panel();
  if (!element) return;
  onward.mark("source", []);
  const top = opener?.isConnected ? opener.getBoundingClientRect().top : 0;
  element.remove();
  if (!opener?.isConnected) return;
  scrollBy(0, opener.getBoundingClientRect().top - top);
  opener.closest("li, dd, p")?.classList.remove("is-shown");
  if (returnsFocus) opener.focus({ preventScroll: true });
};
// The words of a line that tell something: long ones, names, numbers.
const tellingWords = (text) => (text.match(/[\p{L}\p{N}_]+/gu) ?? []).filter((word) => word.length >= MIN_WORD || /\p{N}|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u.test(word)).join(" ");
const lineOf = (link) => {
  const line = link.closest(".said, li, dd, p, td")?.cloneNode(true);
  line?.querySelectorAll(".sources, a.source, button, .tag").forEach((part) => part.remove());
  return line?.textContent ?? "";
};
// Of all places with words of the line, those with most of them: some of its words are all over a long turn.
const nearestPlaces = (ranges) => {
  const places = Map.groupBy(ranges, (range) => range.startContainer.parentElement.closest("p, li, td, pre, h2, h3, h4, h5, h6, summary"));
  const countWords = (place) => new Set(place.map((range) => range.toString().toLowerCase())).size;
  const most = Math.max(0, ...[...places.values()].map(countWords));
  return [...places.values()].filter((place) => countWords(place) * 3 >= most * 2).flat();
};
const show = (element) => {
  const named = [...element.querySelectorAll(".named")];
  const words = tellingWords(element.dataset.line ?? "");
  const ranges = words ? nearestPlaces(named.flatMap((turn) => onward.findWords(turn, words))) : [];
  onward.mark("source", ranges);
  // Only the panel scrolls, not the page: to the turn, and on to its words where they are further down.
  const { top, height } = element.getBoundingClientRect();
  if (named[0]) element.scrollTop += named[0].getBoundingClientRect().top - top - HEAD;
  const below = ranges[0] ? ranges[0].getBoundingClientRect().bottom - top : 0;
  if (below > height) element.scrollTop += below - height / 2;
};
onward.openSource = async (link, url = link.getAttribute("href")) => {
  if (link !== opener) opener?.closest("li, dd, p")?.classList.remove("is-shown");
  const line = link.closest("#panel") ? panel().dataset.line : lineOf(link);
  if (!link.closest("#panel")) opener = link;
  const answer = await fetch(`/parts${url}`, { headers: { "HX-Request": "true" } }).catch(() => null);
  if (!answer?.ok) return answer ? location.assign(url) : onward.toast(onward.text("offline"), "error");
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("panel");
  if (!fresh || !opener.isConnected) return;
  fresh.dataset.line = line;
  const top = opener.getBoundingClientRect().top;
  panel() ? panel().replaceWith(fresh) : document.querySelector(".shell").append(fresh);
  htmx.process(fresh);
  // The page is narrower now: the line stays where it was, also when what is above it has been laid out.
  const stay = () => opener.isConnected && scrollBy(0, opener.getBoundingClientRect().top - top);
  stay();
  requestAnimationFrame(stay);
  opener.closest("li, dd, p")?.classList.add("is-shown");
  show(fresh);
  fresh.querySelector("h2").focus({ preventScroll: true });
};

// Before navigation.js, which would follow the link.
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a.source[href^='/projects/'], #panel a[data-turns-of]");
  if (event.target.closest?.("#panel [data-closes]")) return close();
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.closest("dialog")) return;
  event.preventDefault();
  onward.openSource(link);
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !panel() || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  close();
});
document.addEventListener("onward:leave", () => close(false));
