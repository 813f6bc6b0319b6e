// Documents, and what changed from before to after.

import { element } from "../ui.js";
import { difference } from "./diff.js";

const MOST_DOCUMENTS = 20;

/** Both sides of texts: what was left out is marked before, what was put in after. */
export function textPair(before, after) {
  const count = Math.min(MOST_DOCUMENTS, Math.max(before.texts.length, after.texts.length));
  const sides = { before: [], after: [] };
  let cut = false;
  for (let place = 0; place < count; place += 1) {
    const parts = difference(before.texts[place] ?? "", after.texts[place] ?? "");
    cut ||= parts.cut;
    if (place < before.texts.length) sides.before.push(documentOf(parts.before, "del"));
    if (place < after.texts.length) sides.after.push(documentOf(parts.after, "ins"));
  }
  const note = cut ? "The first 2,000 words of each document are compared." : "";
  return {
    before: documents(before, sides.before, "before", note),
    after: documents(after, sides.after, "after", ""),
  };
}

/** Documents as they are. */
export function documentTexts(view, name) {
  const made = view.texts.slice(0, MOST_DOCUMENTS).map((text) => documentOf([{ text, same: true }], "ins"));
  return documents(view, made, name, "");
}

function documentOf(parts, tag) {
  const marked = parts.flatMap(({ text, same }) => {
    if (same) return [text];
    // Spaces behind a word are not marked with it, unless they are all that changed.
    const word = text.trimEnd() || text;
    return [element(tag, {}, word), text.slice(word.length)];
  });
  return element("p", { class: "document" }, marked);
}

function documents(view, made, name, note) {
  const more = view.count > made.length ? `${made.length} of ${view.count} documents are shown. ` : "";
  const list = element(
    "div",
    { class: "documents", role: "group", "aria-label": name, tabIndex: 0 },
    made.length ? made : element("p", { class: "muted" }, "no documents"),
  );
  const words = `${more}${note}`;
  return element("div", {}, list, words ? element("p", { class: "muted" }, words) : null);
}
