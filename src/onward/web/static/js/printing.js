// A button that prints the page, as its style for paper has it.
document.addEventListener("click", ({ target }) => target.closest?.("[data-prints]") && window.print());
