// Texts in the reader's language, which the page carries: onward.text("copied").
window.onward = {
  text: (name) => document.getElementById("texts").dataset[name],
  language: document.documentElement.lang,
};
