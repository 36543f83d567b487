// Marks words in a page without changing it (CSS highlights): onward.findWords(root, words), onward.mark(name, ranges).
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;
// What stands around the text of a turn; and what begins a new text.
const APART = ".told, header, .who, button, summary > .muted";
const BLOCKS = "p, li, td, th, h2, h3, h4, h5, h6, pre, summary, blockquote, div, article, span.gist, span.name";
const MIN_STEM = 4;
const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const stem = (word) => {
  const ending = ["ing", "ed", "es", "s"].find((candidate) => word.endsWith(candidate) && word.length - candidate.length >= MIN_STEM);
  return ending ? word.slice(0, -ending.length) : word;
};
const wordPattern = (word) => (UNSPACED.test(word) ? escape(word) : `(?<![\\p{L}\\p{N}_])${escape(stem(word))}[\\p{L}\\p{N}_]*`);

// The texts of an element as one, so that a match may begin in one and end in another, as in highlighted code.
const readText = (root) => {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const nodes = [];
  let text = "";
  let block = null;
  while (walker.nextNode()) {
    const { parentElement: parent } = walker.currentNode;
    if (parent.closest(APART)) continue;
    if (parent.closest(BLOCKS) !== block) text += "\n";
    block = parent.closest(BLOCKS);
    nodes.push([text.length, walker.currentNode]);
    text += walker.currentNode.data;
  }
  return { nodes, text };
};
const toRange = (nodes, start, end) => {
  const range = new Range();
  let index = nodes.findLastIndex(([offset]) => offset <= start);
  range.setStart(nodes[index][1], start - nodes[index][0]);
  while (nodes[index + 1] && nodes[index + 1][0] < end) index++;
  range.setEnd(nodes[index][1], end - nodes[index][0]);
  return range;
};
const findPattern = (root, pattern) => {
  const { nodes, text } = readText(root);
  return [...text.matchAll(pattern)].filter(([found]) => found).map((found) => toRange(nodes, found.index, found.index + found[0].length));
};
// The phrase where it stands as such, else each of its words.
onward.findWords = (root, query) => {
  const phrase = query.trim();
  if (!phrase) return [];
  const exact = findPattern(root, new RegExp(escape(phrase), "giu"));
  const words = [...new Set(phrase.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [])];
  return exact.length || !words.length ? exact : findPattern(root, new RegExp(words.map(wordPattern).join("|"), "giu"));
};
onward.mark = (name, ranges) => {
  if (!window.Highlight) return;
  ranges.length ? CSS.highlights.set(name, new Highlight(...ranges)) : CSS.highlights.delete(name);
};
// Show a range: what is folded around it opens, and it comes into view.
onward.showRange = (range, block = "center") => {
  const element = range.startContainer.parentElement;
  for (let folded = element.closest("details:not([open])"); folded; folded = folded.parentElement.closest("details:not([open])")) folded.open = true;
  element.scrollIntoView({ block, inline: "nearest" });
};
