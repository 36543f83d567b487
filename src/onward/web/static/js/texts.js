// Texts in the reader's language, from the page: onward.text("copied").
window.onward = {
  text: (name) => document.getElementById("texts").dataset[name],
  language: document.documentElement.lang,
};
