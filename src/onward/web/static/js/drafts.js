// What was written in a form with data-draft is still there after a refresh, a closed dialog or a lost connection, in this window alone, until it was sent.
const name = (form) => `draft:${form.id}`;
const written = (form) => [...form.elements].filter((one) => one.name && one.matches("textarea, input:not([type=hidden], [type=file], [type=radio], [type=password])"));
const key = (one) => (one.type === "checkbox" ? `${one.name}=${one.value}` : one.name);
const value = (one) => (one.type === "checkbox" ? one.checked : one.value);
const sent = (one) => (one.type === "checkbox" ? one.defaultChecked : one.defaultValue);
const drafted = (form) => JSON.parse(sessionStorage.getItem(name(form)) || "{}");

document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-draft]");
  if (!form) return;
  try {
    // Each with what the form came with: a draft is of no use to one that comes with something else.
    const before = drafted(form);
    sessionStorage.setItem(name(form), JSON.stringify(Object.fromEntries(written(form).map((one) => [key(one), [value(one), before[key(one)]?.[1] ?? sent(one)]]))));
  } catch {
    // Too long to keep, or nothing may be kept: it stays in the field.
  }
});
htmx.onLoad((element) => {
  for (const form of element.querySelectorAll("form[data-draft]")) {
    const kept = drafted(form);
    for (const one of written(form)) {
      const [draft, of] = kept[key(one)] ?? [];
      if (draft === undefined || draft === value(one) || of !== sent(one)) continue;
      one.type === "checkbox" ? (one.checked = draft) : (one.value = draft);
      one.dispatchEvent(new CustomEvent("onward:restored", { bubbles: true }));
    }
  }
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => elt.matches("form[data-draft]") && xhr.status < 300 && xhr.status && sessionStorage.removeItem(name(elt)));
