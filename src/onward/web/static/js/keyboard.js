// Keys: / searches, Ctrl or Cmd K opens the palette, ? lists the shortcuts, G and a letter goes to a page.
const PAGES = { d: "/", s: "/sessions", h: "/handoff", a: "/analytics", k: "/knowledge" };
let lastG = 0;
const isTyping = (element) => element.matches("input, textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "k" && document.getElementById("palette")) {
    event.preventDefault();
    document.querySelector("dialog[open]")?.close();
    onward.open("palette");
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
  const isAfterG = Date.now() - lastG < 1200;
  if (!isAfterG && onward.lineKey(key)) event.preventDefault();
  else if (key === "/") {
    const find = [document.querySelector("main [data-search]"), document.getElementById("find")].find((field) => field?.checkVisibility());
    if (find) {
      event.preventDefault();
      find.focus();
      find.select();
    } else if (document.querySelector('.tabs a[href="/search"]')) go("/search");
  } else if (event.key === "?" && document.getElementById("shortcuts")) {
    event.preventDefault();
    onward.open("shortcuts");
  } else if (key === "n" && Date.now() - lastG >= 1200 && document.querySelector(".now")) onward.fetchDialog("/parts/sessions/start");
  else if (key === "c" && Date.now() - lastG >= 1200 && document.querySelector(".now")) onward.complete();
  else if ((event.key === "[" || event.key === "]") && document.querySelector(".talk .turn")) onward.stepMatch(event.key === "]" ? 1 : -1) || onward.stepRequest(event.key === "]" ? 1 : -1);
  else if ((key === "j" || key === "k") && Date.now() - lastG >= 1200 && document.querySelector(".talk .turn")) onward.stepTurn(key === "j" ? 1 : -1);
  else if (key === "u") [...document.querySelectorAll(".toast .undo")].at(-1)?.click();
  else if (key === "b" && document.querySelector(".talk .turn")) onward.bookmark();
  else if (key === "g") lastG = Date.now();
  else if (Date.now() - lastG < 1200 && PAGES[key]) go(PAGES[key]);
});
// Only pages of readers who may write have these buttons.
onward.complete = () => {
  const button = document.querySelector(".now [data-fetches$='/complete']");
  button ? button.click() : onward.toast(onward.text("noneActive"), "info");
};
const go = (url) => document.querySelector(`.tabs a[href="${url}"]`)?.click();
