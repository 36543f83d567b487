// Input initial a form with data-draft survives a reload, a closed dialog or a lost connection, in this window, until the form is initialValue.
const name = (form) => `draft:${form.id}`;
const draftFields = (form) => [...form.elements].filter((field) => field.name && field.matches("textarea, input:not([type=hidden], [type=file], [type=radio], [type=password])"));
const key = (field) => (field.type === "checkbox" ? `${field.name}=${field.value}` : field.name);
const value = (field) => (field.type === "checkbox" ? field.checked : field.value);
const initialValue = (field) => (field.type === "checkbox" ? field.defaultChecked : field.defaultValue);
const readDraft = (form) => JSON.parse(sessionStorage.getItem(name(form)) || "{}");

document.addEventListener("input", ({ target }) => {
  const form = target.closest?.("form[data-draft]");
  if (!form) return;
  try {
    // Each draft is stored with the initial value: it is only valid for a form with the same initial value.
    const stored = readDraft(form);
    sessionStorage.setItem(name(form), JSON.stringify(Object.fromEntries(draftFields(form).map((field) => [key(field), [value(field), stored[key(field)]?.[1] ?? initialValue(field)]]))));
  } catch {
    // Storage is full or forbidden: the input stays in the field.
  }
});
htmx.onLoad((element) => {
  for (const form of element.querySelectorAll("form[data-draft]")) {
    const draft = readDraft(form);
    for (const field of draftFields(form)) {
      const [drafted, initial] = draft[key(field)] ?? [];
      if (drafted === undefined || drafted === value(field) || initial !== initialValue(field)) continue;
      field.type === "checkbox" ? (field.checked = drafted) : (field.value = drafted);
      field.dispatchEvent(new CustomEvent("onward:restored", { bubbles: true }));
    }
  }
});
document.addEventListener("htmx:afterRequest", ({ detail: { elt, xhr } }) => elt.matches("form[data-draft]") && xhr.status < 300 && xhr.status && sessionStorage.removeItem(name(elt)));
