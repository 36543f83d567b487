// Forms: busy while they are sent; errors are shown beside their fields.
const sender = (element) => (element.matches("form") ? element : element.closest("form"));

document.addEventListener("htmx:beforeRequest", ({ detail: { elt, requestConfig } }) => {
  if (requestConfig.headers["HX-Boosted"] && requestConfig.verb === "get") document.body.classList.add("moving");
  const form = sender(elt);
  const pressed = elt.matches("button") ? elt : form && requestConfig.verb !== "get" && (requestConfig.triggeringEvent?.submitter || form.querySelector("button:not([type=button])"));
  if (!pressed) return;
  pressed.setAttribute("aria-busy", "true");
  for (const button of form ? form.querySelectorAll("button:not([type=button])") : [pressed]) {
    if (!button.disabled) {
      button.disabled = true;
      button.dataset.waits = "";
    }
  }
});

document.addEventListener("htmx:afterRequest", ({ detail: { elt } }) => {
  document.body.classList.remove("moving");
  const form = sender(elt) || elt;
  for (const button of [elt, ...form.querySelectorAll("[data-waits]")]) {
    if (!("waits" in button.dataset)) continue;
    button.disabled = false;
    delete button.dataset.waits;
    button.removeAttribute("aria-busy");
  }
});

// The browser's own checks are shown beside the field: first when it loses the focus, then during typing.
const errorElement = (input) => document.getElementById((input.getAttribute("aria-describedby") || "").split(" ").find((id) => id.endsWith("-error")) || "");
const validate = (input) => {
  const error = errorElement(input);
  if (!error) return true;
  const isValid = input.checkValidity();
  error.textContent = isValid ? "" : input.validity.valueMissing ? onward.text("required") : input.validationMessage;
  isValid ? input.removeAttribute("aria-invalid") : input.setAttribute("aria-invalid", "true");
  return isValid;
};
document.addEventListener("focusout", ({ target }) => target.matches?.(".field :is(input, textarea, select)") && target.value && validate(target));
document.addEventListener("input", ({ target }) => {
  if (target.matches?.(".field [aria-invalid=true]")) validate(target);
  if (target.matches?.("[data-confirm]")) {
    const form = target.closest("form");
    form.querySelector("footer .button:last-child").disabled = target.value.trim() !== form.dataset.confirms;
  }
});
document.addEventListener("invalid", (event) => {
  if (!event.target.matches(".field :is(input, textarea, select)")) return;
  event.preventDefault();
  validate(event.target);
  event.target.closest("form").querySelector("[aria-invalid=true]").focus();
}, true);
document.addEventListener("htmx:validation:failed", ({ target }) => validate(target));

// After errors from the server, the first invalid field gets the focus.
document.addEventListener("htmx:afterSettle", ({ detail: { xhr, target } }) => {
  if (xhr?.status === 422) (document.querySelector("dialog[open]") || target.parentElement || document).querySelector("[aria-invalid=true]")?.focus();
});

document.addEventListener("click", async ({ target }) => {
  const button = target.closest?.("[data-copies], [data-copies-of], [data-copies-url]");
  if (!button) return;
  const { copies, copiesOf, copiesUrl } = button.dataset;
  const source = copiesOf && document.getElementById(copiesOf);
  try {
    if (copiesUrl) await navigator.clipboard.writeText(await (await fetch(copiesUrl)).text());
    else await navigator.clipboard.writeText(source ? source.value ?? source.dataset.copy ?? source.textContent : copies);
    onward.toast(onward.text("copied"));
  } catch {
    onward.toast(onward.text("copyFailed"), "error");
  }
});

// Ctrl or Cmd Enter sends the form from any of its fields.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.form ?? document.querySelector("dialog[open] form");
  const button = form?.querySelector("footer .primary:not([disabled]), footer button:not([type=button], [disabled]), .primary:not([type=button], [disabled])");
  if (!button) return;
  event.preventDefault();
  form.requestSubmit(button);
});

// Rows with a check box: the bar of what can be done with them appears with the first; Shift selects a range.
let lastPick = null;
const showSelection = () => {
  const bar = document.getElementById("selection");
  const picks = [...document.querySelectorAll(".pick-row input")];
  const count = picks.filter(({ checked }) => checked).length;
  if (!bar) return;
  bar.classList.toggle("has-picks", count > 0);
  const output = bar.querySelector("output");
  output.textContent = count ? `${count.toLocaleString(onward.language)} ${output.dataset.selected}` : "";
};
document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-selects-all]")) {
    for (const pick of document.querySelectorAll(".pick-row input")) pick.checked = true;
    showSelection();
  }
  const pick = event.target.closest?.(".pick-row input");
  if (!pick) return;
  const picks = [...document.querySelectorAll(".pick-row input")];
  const [from, to] = [picks.indexOf(lastPick), picks.indexOf(pick)].sort((one, other) => one - other);
  if (event.shiftKey && from >= 0) for (const between of picks.slice(from, to + 1)) between.checked = pick.checked;
  lastPick = pick;
  showSelection();
});
document.addEventListener("onward:refreshed", showSelection);
