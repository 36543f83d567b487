// A button that prints the page with its print style.
document.addEventListener("click", ({ target }) => target.closest?.("[data-prints]") && window.print());
