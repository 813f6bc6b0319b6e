// The library's own sentences, which mark names with backquotes.

import { element } from "./ui.js";

const MARK = /(``?)([^`]+)\1/;

/** A text as nodes, with what is marked as code. */
export function prose(text) {
  const parts = text.replace(/\s*\n\s*/g, " ").split(MARK);
  const nodes = [];
  for (let at = 0; at < parts.length; at += 3) {
    nodes.push(parts[at]);
    if (at + 2 < parts.length) nodes.push(element("code", {}, parts[at + 2]));
  }
  return nodes;
}

/** A text without the marks, where only text can stand. */
export function plainProse(text) {
  return text.replace(/`+/g, "");
}

/** The paragraphs of a longer text. */
export function paragraphs(text) {
  return text.split(/\n\s*\n/).filter((part) => part.trim()).map((part) => element("p", {}, prose(part)));
}
