// Pages follow the events of the store: the page is fetched anew and changed in place, so that place, focus and input stay.
// Elements with data-still, and those that draw themselves, are left alone; new turns are added to a conversation that is read to its end.
const STILL = "[data-still], growth-chart, line-list, replay-player, search-box, job-progress, textarea, select";
const KEPT = new Set(["open", "style", "aria-busy", "data-waits", "data-fetched", "tabindex"]);
const BURST_MS = 300;
const PAUSE_MS = 1500;

// A job that has not ended, has failed, or leads to its result stays, also where the new page does not show it.
const PENDING = "job-progress:is([next-url], :not([state=done]))";
const spared = new Set();

const isElement = (node) => node.nodeType === Node.ELEMENT_NODE;
const pending = (node) => (isElement(node) ? [...node.querySelectorAll(PENDING), ...(node.matches(PENDING) ? [node] : [])] : []);
const isShownTwice = (progress) => document.querySelectorAll(`job-progress[job="${progress.getAttribute("job")}"]`).length > 1;
const matches = (old, fresh) => old.nodeName === fresh.nodeName && (!isElement(old) || old.id === fresh.id);
const requests = (element) => [...element.attributes].filter(({ name }) => name.startsWith("hx-")).map(({ name, value }) => `${name}=${value}`).sort().join();

const place = (parent, fresh, before) => {
  parent.insertBefore(fresh, before);
  if (isElement(fresh)) htmx.process(fresh);
};
const change = (old, fresh) => {
  if (!isElement(old)) {
    if (old.nodeValue !== fresh.nodeValue) old.nodeValue = fresh.nodeValue;
    return;
  }
  // A hidden text area is the text that a button copies.
  if (old.matches("textarea[hidden]")) old.value = fresh.value;
  if (old.localName === "details" && !old.querySelector(":scope > template")) onward.unfoldOne(fresh);
  // Two templates are never unequal, whatever is in them.
  if (old.localName === "template") {
    old.replaceWith(fresh);
    return;
  }
  if (old.matches(STILL) || old.isEqualNode(fresh)) return;
  // A script shows the time since, which the server has shown at another moment.
  if (old.localName === "time" && old.dateTime === fresh.dateTime) return;
  if (requests(old) !== requests(fresh)) {
    old.replaceWith(fresh);
    htmx.process(fresh);
    return;
  }
  for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && !KEPT.has(name)) old.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (!KEPT.has(name) && name !== "value" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  if (old.localName === "meter" || old.localName === "progress") old.value = fresh.getAttribute("value");
  changeChildren(old, fresh);
};
const changeChildren = (parent, fresh) => {
  const named = new Map([...parent.children].filter(({ id }) => id).map((child) => [child.id, child]));
  let node = parent.firstChild;
  for (const next of [...fresh.childNodes]) {
    const known = next.id && named.get(next.id);
    if (known && matches(known, next)) {
      if (known === node) node = node.nextSibling;
      else parent.insertBefore(known, node);
      change(known, next);
    } else if (node && matches(node, next)) {
      const old = node;
      node = node.nextSibling;
      change(old, next);
    } else place(parent, next, node);
  }
  while (node) {
    const gone = node;
    node = node.nextSibling;
    if (pending(gone).length) spared.add(gone);
    else gone.remove();
  }
};
const fetchPart = async (url) => {
  const answer = await fetch(url, { headers: { "HX-Request": "true", "HX-Boosted": "true", "HX-Current-URL": location.href } });
  return answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
};
// What loads after the page is fetched with it, or the page would lose it.
const complete = (root) => Promise.all([...root.querySelectorAll(".later[hx-get]")].map(async (later) => {
  const part = await fetchPart(later.getAttribute("hx-get"));
  if (part) later.replaceWith(...part.body.childNodes);
}));
const addTurns = async (main) => {
  const talk = main.querySelector(".talk[data-turns]");
  const last = talk?.querySelector(".turn:last-of-type");
  if (!last || talk.querySelector(".around:last-child")) return;
  const next = Number(last.id.slice(5)) + 1;
  const part = await fetchPart(`${talk.dataset.turns}?from=${next}`);
  if (part && last.isConnected && !document.getElementById(`turn-${next}`)) for (const turn of [...part.body.children]) place(talk, turn, null);
};

let timer = 0;
let isRunning = false;
let refreshedAt = 0;
let isStale = false;
const refresh = async () => {
  const main = document.getElementById("main");
  const url = location.href;
  if (isRunning || !main || document.querySelector("body.moving, .htmx-request")) return onward.refresh();
  isRunning = true;
  try {
    const fresh = await fetchPart(url);
    const freshMain = fresh?.getElementById("main");
    if (freshMain) await complete(freshMain);
    // The reader went to another page meanwhile, or is in the middle of a form of this one.
    if (!freshMain || !main.isConnected || location.href !== url) return;
    for (const id of ["main", "rail", "crumbs"]) if (fresh.getElementById(id)) changeChildren(document.getElementById(id), fresh.getElementById(id));
    for (const node of spared) if (pending(node).every(isShownTwice)) node.remove();
    spared.clear();
    await addTurns(main);
    isStale = false;
    document.dispatchEvent(new CustomEvent("onward:refreshed"));
  } catch {
    // The server is away, until the stream is open again.
    isStale = true;
  } finally {
    isRunning = false;
    refreshedAt = Date.now();
  }
};
onward.refresh = (isAtOnce = false) => {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(refresh, isAtOnce ? 0 : Math.max(BURST_MS, refreshedAt + PAUSE_MS - Date.now()));
};
// Progress of a job is shown by its own element.
const onEvent = (detail, kind) => {
  if (detail ? detail.kind !== "job" || detail.state !== "running" : isStale || kind === "missed") onward.refresh();
};
addEventListener("online", () => isStale && onward.refresh());
if (document.documentElement.dataset.event) onward.follow(document, onEvent);
document.addEventListener("onward:handoff", () => onward.refresh(true));
