// Going from page to page: the new page's heading has the focus, so that a screen reader begins there.
document.addEventListener("htmx:afterSettle", ({ detail: { target, requestConfig } }) => {
  if (target.id === "main" || requestConfig?.target?.id === "main") document.querySelector("#main h1")?.focus({ preventScroll: true });
});
document.querySelector("[data-theme-switch]")?.addEventListener("submit", ({ target }) => {
  const root = document.documentElement;
  const is = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  target.elements.theme.value = is === "dark" ? "light" : "dark";
});
document.documentElement.dataset.ready = "";
