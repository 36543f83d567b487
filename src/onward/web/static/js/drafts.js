// What was written in a form with data-draft is still there after a refresh, a closed dialog or a lost connection, in this window alone, until it was sent.
const name = (form) => `draft:${form.id}`;
const written = (form) => [...form.elements].filter((one) => one.name && one.matches("textarea, input:not([type]), input[type=text], input[type=checkbox]"));
const key = (one) => (one.type === "checkbox" ? `${one.name}=${one.value}` : one.name);
const value = (one) => (one.type === "checkbox" ? one.checked : one.value);

document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-draft]");
  if (!form) return;
  try {
    sessionStorage.setItem(name(form), JSON.stringify(Object.fromEntries(written(form).map((one) => [key(one), value(one)]))));
  } catch {
    // Too long to keep, or nothing may be kept: it stays in the field.
  }
});
htmx.onLoad((element) => {
  for (const form of element.querySelectorAll("form[data-draft]")) {
    const kept = JSON.parse(sessionStorage.getItem(name(form)) || "{}");
    for (const one of written(form)) {
      const before = kept[key(one)];
      if (before === undefined || before === value(one) || (one.type !== "checkbox" && one.value)) continue;
      one.type === "checkbox" ? (one.checked = before) : (one.value = before);
      one.dispatchEvent(new CustomEvent("onward:restored", { bubbles: true }));
    }
  }
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => elt.matches("form[data-draft]") && xhr.status < 300 && xhr.status && sessionStorage.removeItem(name(elt)));
