document.querySelector("[data-theme-switch]")?.addEventListener("submit", ({ target }) => {
  const root = document.documentElement;
  const theme = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  target.elements.theme.value = theme === "dark" ? "light" : "dark";
});
document.documentElement.dataset.ready = "";
