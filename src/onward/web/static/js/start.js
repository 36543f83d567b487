document.querySelector("[data-theme-switch]")?.addEventListener("submit", ({ target }) => {
  const root = document.documentElement;
  const is = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  target.elements.theme.value = is === "dark" ? "light" : "dark";
});
document.documentElement.dataset.ready = "";
