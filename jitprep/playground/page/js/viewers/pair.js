// Before and after, beside each other.

import { change } from "../state.js";
import { element } from "../ui.js";
import { caption, isPicture, viewContent } from "./view.js";
import { Pictures } from "./linked.js";
import { shardTable } from "./shard.js";
import { textPair } from "./text.js";

const WIDE = new Set(["shard", "bytes"]); // shown above each other
const NAMES = { before: "Before", after: "After" };

/** Both sides, whatever their kinds. What has not changed is left as it is. */
export class Pair {
  #pictures = new Pictures();
  #sides = {};
  root = element("div", { class: "pair", hidden: true });

  constructor() {
    const sides = Object.keys(NAMES).map((name) => {
      const place = element("div", { class: "content" });
      const words = element("figcaption");
      const figure = element("figure", { class: `side ${name}` }, place, words);
      this.#sides[name] = { figure, place, words, shown: "" };
      return figure;
    });
    this.root.append(element("div", { class: "sides" }, sides), this.#pictures.root);
  }

  /** Show what was answered. */
  show(answer) {
    const { before, after } = answer;
    this.root.hidden = false;
    this.root.classList.remove("stale");
    const content = together(before, after);
    this.#sides.before.figure.parentElement.classList.toggle("stacked", WIDE.has(before.kind));
    this.#side("before", before, content?.before, JSON.stringify(content ? [before, after] : before));
    this.#side("after", after, content?.after, JSON.stringify(content ? [before, after] : after));
    this.#pictures.show(answer);
  }

  /** Show the source alone. */
  showSource(before) {
    this.root.hidden = false;
    const content = before.kind === "shard" ? together(before, { more: null }) : null;
    this.#sides.before.figure.parentElement.classList.toggle("stacked", WIDE.has(before.kind));
    this.#side("before", before, content?.before, JSON.stringify(before));
    this.#pictures.show({ before, after: null, geometry: null, why: "" });
  }

  /** Keep what was before, and show that what was after is not of this pipeline. */
  fail() {
    this.root.classList.add("stale");
    this.#clear("after");
    this.#pictures.hide("after");
  }

  /** Show nothing. */
  clear() {
    this.root.hidden = true;
    for (const name of Object.keys(NAMES)) this.#clear(name);
    this.#pictures.hide("before");
    this.#pictures.hide("after");
  }

  #clear(name) {
    const side = this.#sides[name];
    side.shown = "";
    side.place.replaceChildren();
    side.words.replaceChildren();
    side.figure.hidden = true;
  }

  #side(name, view, content, shown) {
    const side = this.#sides[name];
    side.figure.hidden = false;
    if (side.shown === shown) return;
    side.shown = shown;
    side.words.replaceChildren(element("strong", {}, NAMES[name]), ` ${caption(view)}`);
    const made = isPicture(view) ? this.#pictures.canvas(name) : content ?? viewContent(view, name);
    if (side.place.firstChild !== made || side.place.childNodes.length > 1) {
      side.place.replaceChildren(made);
    }
  }
}

/** Contents of sides that depend on each other; null for all others. */
function together(before, after) {
  if (before.kind === "text" && after.kind === "text") return textPair(before, after);
  if (before.kind !== "shard") return null;
  // A member is looked at through the pipeline of one member, where the shard's is known.
  const pipeline = after.more?.pipeline;
  const patch = pipeline ? { pipeline, off: [] } : {};
  const open = (member) => change({ member, boxes: "", mask: "", ...patch });
  return { before: shardTable(before, "before", open) };
}
