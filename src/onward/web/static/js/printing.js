// A button that prints the page with its print style.
document.addEventListener("click", ({ target }) => target.closest?.("[data-prints]") && window.print());
// Folded lines of a handoff are printed, too.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll(".paper details:not([open])")];
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => folded.forEach((details) => (details.open = false)));
