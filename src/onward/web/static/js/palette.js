// The command palette: a combobox over a list that the server filters.
const dialog = document.getElementById("palette");
if (dialog) {
  const input = dialog.querySelector("input");
  const list = document.getElementById("palette-list");
  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (option) => {
    options().forEach((item) => item.setAttribute("aria-selected", item === option));
    option ? input.setAttribute("aria-activedescendant", option.id) : input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  };
  dialog.addEventListener("onward:open", () => {
    input.value = "";
    htmx.trigger(input, "palette:open");
  });
  list.addEventListener("htmx:afterSwap", () => choose(options()[0]));
  list.addEventListener("pointermove", ({ target }) => target.closest("[role=option]") && choose(target.closest("[role=option]")));
  list.addEventListener("click", ({ target }) => target.closest("[role=option]") && dialog.close());
  input.addEventListener("keydown", (event) => {
    const items = options();
    const index = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
    const nextIndex = { ArrowDown: (index + 1) % items.length, ArrowUp: (index - 1 + items.length) % items.length, Home: 0, End: items.length - 1 }[event.key];
    if (nextIndex !== undefined && items.length) {
      event.preventDefault();
      choose(items[nextIndex]);
    } else if (event.key === "Enter" && items[index]) {
      event.preventDefault();
      const { action } = items[index].dataset;
      dialog.close();
      action ? onward.run(action) : items[index].click();
    }
  });
  list.addEventListener("click", (event) => {
    const { action } = event.target.closest("[role=option]")?.dataset ?? {};
    if (action) {
      event.preventDefault();
      onward.run(action);
    }
  });
  const post = (action, values) => {
    const form = Object.assign(document.createElement("form"), { method: "post", action, hidden: true });
    for (const [name, value] of Object.entries(values)) form.append(Object.assign(document.createElement("input"), { name, value }));
    document.body.append(form);
    form.submit();
  };
  // Commands that are not pages: "dialog:ID" opens a dialog, "fetch:URL" fetches item, "complete" opens the item of the active session.
  onward.run = (action) => {
    const [kind, argument] = action.split(":");
    if (kind === "dialog") onward.open(argument);
    else if (kind === "fetch") onward.fetchDialog(argument);
    else if (kind === "complete") onward.complete();
    else if (kind === "theme") document.querySelector("[data-theme-switch]").requestSubmit();
    else if (kind === "language") post("/settings/language", { language: argument });
  };
}
