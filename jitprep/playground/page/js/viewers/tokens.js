// Tokens as coloured pieces of their text, with their numbers.

import { element } from "../ui.js";

const MOST_PIECES = 2000;
const HUES = 6;
const KEYS = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 10, ArrowUp: -10 };

/** Each document's tokens: pieces of which the one that is pointed at is described, and a table. */
export function tokenDocuments(view, name) {
  const made = view.tokens.map((pieces, place) => tokenDocument(pieces, place, view.tokens.length, name));
  const more = view.count > made.length ? `${made.length} of ${view.count} documents are shown` : null;
  return element("div", {}, made, more && element("p", { class: "muted" }, more));
}

function tokenDocument(pieces, place, count, name) {
  const said = element("output", { class: "values" }, `${pieces.length} tokens`);
  const shown = pieces.slice(0, MOST_PIECES);
  const marks = shown.map(pieceMark);
  if (marks.length) marks[0].tabIndex = 0;
  const label = count > 1 ? `${name} tokens of document ${place + 1}` : `${name} tokens`;
  const line = element("div", { class: "tokens", role: "listbox", "aria-label": label }, marks);
  const tell = ({ target }) => {
    if (target.dataset.at) said.textContent = described(shown[target.dataset.at], target.dataset.at);
  };
  line.addEventListener("focusin", tell);
  line.addEventListener("mouseover", tell);
  line.addEventListener("keydown", (event) => walk(event, marks));
  return element("section", { class: "token-document" }, line, said, tokenTable(shown));
}

function pieceMark(piece, at) {
  const mark = element("span", {
    class: piece.masked ? "token masked" : "token",
    role: "option",
    "aria-selected": "false",
    tabIndex: -1,
  }, piece.form === "bytes" ? piece.text : visible(piece.text));
  mark.dataset.hue = String(at % HUES);
  mark.dataset.at = String(at);
  mark.dataset.form = piece.form;
  return mark;
}

function walk(event, marks) {
  const step = KEYS[event.key];
  const here = marks.indexOf(event.target);
  if (!step || here < 0) return;
  event.preventDefault();
  const next = marks[Math.min(marks.length - 1, Math.max(0, here + step))];
  marks[here].tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function described({ id, text, masked, form }, at) {
  return `token ${at}: id ${id}, ${meaning(text, form)}${masked ? ", left out by the mask" : ""}`;
}

/** What a token stands for, in words: some are bytes of a character, some no text. */
function meaning(text, form) {
  if (form === "bytes") return `the bytes ${text} of a character`;
  return form === "special" ? `special token ${JSON.stringify(text)}` : JSON.stringify(text);
}

/** Text of a token in which spaces and line ends are seen. */
function visible(text) {
  return text.replaceAll("\n", "⏎").replaceAll(" ", "␣") || "∅";
}

function tokenTable(pieces) {
  const details = element("details", {}, element("summary", {}, "As a table"));
  details.addEventListener("toggle", () => details.open && details.append(rows(pieces)), { once: true });
  return details;
}

function rows(pieces) {
  const head = ["Place", "Id", "Stands for", "Masked"].map((text) => element("th", { scope: "col" }, text));
  const body = pieces.map(({ id, text, masked, form }, at) =>
    element("tr", {}, [at, id, meaning(text, form), masked ? "yes" : ""].map((cell) =>
      element("td", {}, String(cell)))));
  const parts = [element("thead", {}, element("tr", {}, head)), element("tbody", {}, body)];
  const table = element("table", {}, parts);
  return element("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Tokens" }, table);
}
