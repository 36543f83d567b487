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
  const button = target.closest?.("[data-copies], [data-copies-of]");
  if (!button) return;
  const { copies, copiesOf } = button.dataset;
  const source = copiesOf && document.getElementById(copiesOf);
  try {
    await navigator.clipboard.writeText(source ? source.value ?? source.dataset.copy ?? source.textContent : copies);
    onward.toast(onward.text("copied"));
  } catch {
    onward.toast(onward.text("copyFailed"), "error");
  }
});
