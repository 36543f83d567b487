// Going from page to page: only what stands in the middle comes anew. One listener for all links, since one for each of hundreds would cost more than laying them out.
const goesHere = (link) => link.origin === location.origin && !link.getAttribute("href").startsWith("#") && !link.target && !link.hasAttribute("download");
const inMain = (target, request) => target.id === "main" || request?.target?.id === "main";

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !goesHere(link)) return;
  event.preventDefault();
  // All going is the body's own, and one at a time: a second page would be put into one that is gone by then.
  const how = { target: "#main", swap: "outerHTML show:window:top", push: "true", headers: { "HX-Boosted": "true" } };
  htmx.ajax("GET", link.getAttribute("href"), how).catch(() => {});
});
// What waited for another meant the page that stood then.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target.id === "main" && !detail.target.isConnected) detail.target = document.getElementById("main");
});
// What goes is taken out before the next page is put in: htmx would tell each of its elements that it goes, and the browser would lay out both pages.
let leaves = false;
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { target } }) => {
  if (target.id !== "main") return;
  leaves = true;
  target.replaceChildren();
  leaves = false;
});
// A field that goes with what was typed into it says that it was changed: a form that sends itself then would answer into the next page.
document.addEventListener("change", (event) => leaves && event.stopImmediatePropagation(), true);
// The new page's heading has the focus, so that a screen reader begins there; or what the page says that one begins with.
document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (inMain(target, requestConfig)) (document.querySelector("#main [autofocus]") ?? document.querySelector("#main h1"))?.focus({ preventScroll: true });
});
