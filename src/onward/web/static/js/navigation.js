// Navigation: only <main> is replaced. One listener handles all links, because a listener for each of hundreds is slow.
const isInternal = (link) => link.origin === location.origin && !link.getAttribute("href").startsWith("#") && !link.target && !link.hasAttribute("download");
const inMain = (target, request) => target.id === "main" || request?.target?.id === "main";

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || !isInternal(link)) return;
  event.preventDefault();
  // All requests come from the body, so that htmx runs one at a time: a second page must not be put into a removed one.
  const options = { target: "#main", swap: "outerHTML show:window:top", push: "true", headers: { "HX-Boosted": "true" } };
  htmx.ajax("GET", link.getAttribute("href"), options).catch(() => {});
});
// A queued request was made for a page that has been replaced.
document.addEventListener("htmx:beforeRequest", ({ detail }) => {
  if (detail.target.id === "main" && !detail.target.isConnected) detail.target = document.getElementById("main");
});
// Empty the old page before the new one is inserted: otherwise htmx cleans up each element and the browser lays out both pages.
let isLeaving = false;
onward.empty = (target) => {
  isLeaving = true;
  target.replaceChildren();
  isLeaving = false;
};
document.addEventListener("htmx:beforeHistoryUpdate", ({ detail: { target } }) => {
  if (target.id !== "main") return;
  document.dispatchEvent(new CustomEvent("onward:leave"));
  onward.empty(target);
});
// A removed field with input fires a change event; a form that sends itself would then answer into the next page.
document.addEventListener("change", (event) => isLeaving && event.stopImmediatePropagation(), true);
// The new page's heading gets the focus, for screen readers; or its autofocus element.
document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (inMain(target, requestConfig)) (document.querySelector("#main [autofocus]") ?? document.querySelector("#main h1"))?.focus({ preventScroll: true });
});
