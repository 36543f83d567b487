// Correct a handoff line by line: J and K choose a line, X says it is wrong, D it is done, P keeps it in every handoff.
const ACTIONS = { x: "retract", d: "resolve", p: "pin" };
const TOOLS = [["wrong", "x", "ban"], ["done", "d", "check"], ["keep", "p", "pin"]];
const TOP = 140;
let tools = null;
let from = 0;

const lines = () => [...document.querySelectorAll(".handoff[data-lines] li[data-facts]")].filter((line) => line.checkVisibility({ contentVisibilityAuto: false }));
const current = () => document.querySelector(".handoff[data-lines] li[data-facts]:focus-within") ?? document.querySelector(".handoff[data-lines] li[data-facts]:hover");

const choose = (line) => {
  line.tabIndex = -1;
  line.focus({ preventScroll: true });
  line.scrollIntoView({ block: "nearest" });
  showTools(line);
};
const step = (delta) => {
  const all = lines();
  const at = all.indexOf(document.activeElement.closest?.("li[data-facts]"));
  const next = at >= 0 ? at + delta : all.findIndex((line) => line.getBoundingClientRect().top > TOP);
  if (all[next]) choose(all[next]);
};
const correct = async (line, key) => {
  const root = line.closest("[data-lines]");
  from = lines().indexOf(line);
  line.classList.add("is-going");
  await htmx.ajax("POST", `${root.dataset.lines}/${ACTIONS[key]}?${line.dataset.facts}`, { source: root, target: "#main", swap: "none" }).catch(() => {});
  line.classList.remove("is-going");
};
// One set of buttons goes to the line that is looked at: a set for each of forty lines would be slow.
const showTools = (line) => {
  if (tools?.parentElement === line) return;
  const root = line.closest("[data-lines]");
  tools?.remove();
  tools = document.createElement("span");
  tools.className = "line-tools no-print";
  for (const [name, key, icon] of TOOLS) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "icon-button", title: `${root.dataset[name]} (${key.toUpperCase()})` });
    button.setAttribute("aria-label", root.dataset[name]);
    button.innerHTML = `<span class="icon icon-${icon}"></span>`;
    button.addEventListener("click", () => correct(line, key));
    tools.append(button);
  }
  line.append(tools);
};
for (const kind of ["pointerover", "focusin"]) {
  document.addEventListener(kind, ({ target }) => {
    const line = target.closest?.(".handoff[data-lines] li[data-facts]");
    if (line) showTools(line);
  });
}
onward.lineKey = (key) => {
  if (!document.querySelector(".handoff[data-lines]")) return false;
  if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
  else if (ACTIONS[key] && current()) correct(current(), key);
  else return false;
  return true;
};
// After a correction the next line is chosen, so that a page is worked through without the mouse.
document.addEventListener("onward:refreshed", () => {
  const line = document.activeElement === document.body || document.activeElement?.matches("li[data-facts]") ? lines()[from] : null;
  if (line && from) choose(line);
  else if (current()) showTools(current());
  from = 0;
});
