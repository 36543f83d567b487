// Back and forward show the page as it was left: its elements, what was loaded into it, what was typed, and the exact place.
// An entry's page is in memory; after a reload it is fetched, and the place is known from the session's storage.
const MAX_PAGES = 8;
const UNFINISHED = ".later, .htmx-request, replay-player";
// What is laid out only when it is near the screen; its height is forgotten when it leaves the document.
const DEFERRED = ".turn, .handoff > section, .card";
const pages = new Map();
const EDGES = ["paddingBlockStart", "paddingBlockEnd", "borderBlockStartWidth", "borderBlockEndWidth"];
const contentHeight = (element) => {
  const style = getComputedStyle(element);
  return EDGES.reduce((height, edge) => height - parseFloat(style[edge]), element.getBoundingClientRect().height);
};
const newKey = () => `${performance.timeOrigin}-${performance.now()}`;
const setKey = (key) => history.replaceState({ ...history.state, htmx: true, key }, "");
const parts = () => ["main", "crumbs"].map((id) => document.getElementById(id));

history.scrollRestoration = "manual";
let current = history.state?.key;
let address = location.pathname + location.search;
if (!current) setKey((current = newKey()));

// The topmost visible element says where the reader is, also if what is above it has another height later.
const anchor = () => {
  const element = document.elementFromPoint(document.getElementById("main").getBoundingClientRect().left + 40, 140);
  return element?.closest("#main") && element.id !== "main" ? { element, top: element.getBoundingClientRect().top } : null;
};
const remember = () => {
  try {
    sessionStorage.setItem(`place:${current}`, String(scrollY));
  } catch {
    // Storage is full or forbidden: the page is shown from its top.
  }
};
const keep = () => {
  const [main] = parts();
  remember();
  if (!main || main.querySelector(UNFINISHED)) return pages.delete(current);
  const page = { title: document.title, y: scrollY, anchor: anchor(), focus: document.activeElement, nodes: parts().map((part) => [...(part?.childNodes ?? [])]) };
  page.heights = [...main.querySelectorAll(DEFERRED)].map((element) => [element, contentHeight(element)]);
  pages.delete(current);
  pages.set(current, page);
  if (pages.size > MAX_PAGES) pages.delete(pages.keys().next().value);
};
const goTo = ({ y, anchor: at }) => {
  const settle = () => {
    scrollTo(0, y);
    if (at?.element.isConnected) scrollBy(0, at.element.getBoundingClientRect().top - at.top);
  };
  settle();
  // Elements above are laid out when they come near, which may move the rest.
  requestAnimationFrame(settle);
};
const restore = (page) => {
  for (const [element, height] of page.heights) element.style.containIntrinsicBlockSize = `auto ${height}px`;
  parts().forEach((part, index) => part?.replaceChildren(...page.nodes[index]));
  document.title = page.title;
  if (page.focus?.isConnected) page.focus.focus({ preventScroll: true });
  goTo(page);
  onward.refresh(true);
};
const placeOf = (key) => Number(sessionStorage.getItem(`place:${key}`) ?? 0);

let isReturning = false;
document.addEventListener("htmx:beforeSwap", ({ detail: { target, shouldSwap } }) => {
  if (target.id !== "main" || !shouldSwap) return;
  if (isReturning) onward.empty(target);
  else keep();
});
// htmx has just written its own state over the entry that is left.
document.addEventListener("htmx:beforeHistoryUpdate", () => setKey(current));
document.addEventListener("htmx:pushedIntoHistory", () => {
  setKey((current = newKey()));
  address = location.pathname + location.search;
});
addEventListener("popstate", (event) => {
  const next = location.pathname + location.search;
  // Only the place within the page changed.
  if (next === address && !event.state?.key) return;
  event.stopImmediatePropagation();
  if (event.state?.key === current) return;
  keep();
  document.dispatchEvent(new CustomEvent("onward:leave"));
  current = event.state?.key ?? newKey();
  address = next;
  const page = pages.get(current);
  if (page) return restore(page);
  isReturning = onward.keepsPlace = true;
  htmx.ajax("GET", next, { target: "#main", swap: "outerHTML", headers: { "HX-Boosted": "true" } }).catch(() => location.reload()).then(() => {
    goTo({ y: placeOf(current) });
    isReturning = onward.keepsPlace = false;
  });
}, true);
addEventListener("pagehide", remember);
const [{ type } = {}] = performance.getEntriesByType("navigation");
// Else the page scrolls to the turn in its address.
onward.keepsPlace = ["reload", "back_forward"].includes(type) && placeOf(current) > 0;
addEventListener("load", () => {
  if (onward.keepsPlace) goTo({ y: placeOf(current) });
  onward.keepsPlace = false;
});
