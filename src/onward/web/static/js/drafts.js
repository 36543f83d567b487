// What was written in a form with data-draft is still there after a refresh or a lost connection, in this window alone, until it was sent.
const name = (form) => `draft:${form.id}`;
const written = (form) => [...form.elements].filter((one) => one.name && one.matches("textarea, input:not([type]), input[type=text]"));

document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-draft]");
  if (!form) return;
  try {
    sessionStorage.setItem(name(form), JSON.stringify(Object.fromEntries(written(form).map((one) => [one.name, one.value]))));
  } catch {
    // Too long to keep, or nothing may be kept: it stays in the field.
  }
});
htmx.onLoad((element) => {
  for (const form of element.querySelectorAll("form[data-draft]")) {
    const kept = JSON.parse(sessionStorage.getItem(name(form)) || "{}");
    for (const one of written(form)) if (!one.value && kept[one.name]) one.value = kept[one.name];
  }
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => elt.matches("form[data-draft]") && xhr.status < 300 && xhr.status && sessionStorage.removeItem(name(elt)));
