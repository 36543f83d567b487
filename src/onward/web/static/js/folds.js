// What is folded and large waits in a template: highlighted code and long lists have hundreds of elements. It is put in its place when its
// fold opens, and before the browser searches the page or prints it.
const fill = (bodies) => {
  for (const body of bodies) body.replaceWith(body.content);
};
onward.unfold = (element) => fill(element.querySelectorAll("details > template"));
onward.unfoldOne = (details) => fill(details.querySelectorAll(":scope > template"));
document.addEventListener("toggle", ({ target }) => target.matches("details[open]") && onward.unfoldOne(target), true);
document.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => (ctrlKey || metaKey) && key.toLowerCase() === "f" && onward.unfold(document), true);
addEventListener("beforeprint", () => onward.unfold(document));
