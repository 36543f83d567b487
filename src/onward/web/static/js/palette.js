// The command palette: a combobox over a list that the server filters.
const dialog = document.getElementById("palette");
if (dialog) {
  const input = dialog.querySelector("input");
  const list = document.getElementById("palette-list");
  const options = () => [...list.querySelectorAll("[role=option]")];
  const choose = (option) => {
    options().forEach((one) => one.setAttribute("aria-selected", one === option));
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
    const all = options();
    const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined && all.length) {
      event.preventDefault();
      choose(all[to]);
    } else if (event.key === "Enter" && all[at]) {
      event.preventDefault();
      const { action } = all[at].dataset;
      dialog.close();
      action ? onward.run(action) : all[at].click();
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
  // What a command of the palette does that is no page: "dialog:ID" opens a dialog, "fetch:URL" one that is fetched first, "complete" the one of the active session.
  onward.run = (action) => {
    const [what, which] = action.split(":");
    if (what === "dialog") onward.open(which);
    else if (what === "fetch") onward.fetchDialog(which);
    else if (what === "complete") onward.complete();
    else if (what === "theme") document.querySelector("[data-theme-switch]").requestSubmit();
    else if (what === "language") post("/settings/language", { language: which });
  };
}
