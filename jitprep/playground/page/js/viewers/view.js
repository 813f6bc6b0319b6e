// One view as an element, by its kind.

import { element } from "../ui.js";
import { enlarge } from "./dialog.js";
import { frameCanvas } from "./pictures.js";
import { shardTable } from "./shard.js";
import { soundContent } from "./sound.js";
import { documentTexts } from "./text.js";
import { tokenDocuments } from "./tokens.js";
import { videoContent } from "./video.js";

const CONTENTS = {
  audio: soundContent,
  video: videoContent,
  text: documentTexts,
  tokens: tokenDocuments,
  shard: (view, name) => shardTable(view, name, null),
};

/** Whether a view is one picture, which is zoomed. */
export function isPicture(view) {
  return !(view.kind in CONTENTS) && view.frames.length === 1;
}

/** What a view is, in words. */
export function caption(view) {
  return view.how ? `${view.caption} · ${view.how}` : view.caption;
}

/** A view as an element. `name` labels its first canvas. */
export function viewContent(view, name) {
  const content = CONTENTS[view.kind];
  if (content) return content(view, name);
  if (view.frames.length) return frames(view, name);
  return element("pre", { class: "dump", tabIndex: 0, "aria-label": name }, bytesOf(view));
}

/** A small button that shows what a view is, and opens it. */
export function thumbnail(view, title, most = 96) {
  const open = () => enlarge(title, element("div", {}, viewContent(view, title), how(view)));
  const [frame] = view.frames;
  const words = () => element("span", { class: "excerpt" }, beginning(view));
  const inside = frame ? frameCanvas(frame, "", most) : words();
  const properties = { type: "button", class: "opener", "aria-label": `Open ${title}`, onclick: open };
  return element("button", properties, inside);
}

/** The beginning of what has no picture. */
export function beginning(view) {
  const pieces = view.tokens[0]?.map((piece) => piece.text).join("");
  return (view.texts[0] ?? pieces ?? view.numbers?.text ?? view.caption).slice(0, 160);
}

function how(view) {
  return element("p", { class: "muted" }, caption(view));
}

function frames(view, name) {
  const cells = view.frames.map((frame, place) => {
    const label = frame.label || (view.frames.length > 1 ? String(place + 1) : "");
    const canvas = frameCanvas(frame, place ? `${name} ${label}` : name);
    const figure = element("figure", {}, canvas);
    if (label) figure.append(element("figcaption", {}, label));
    return figure;
  });
  const more = view.count > view.frames.length ? `${view.frames.length} of ${view.count} are shown` : null;
  return element("div", { class: "frames" }, cells, more && element("p", { class: "muted" }, more));
}

function bytesOf(view) {
  return view.texts.length ? view.texts.join("\n") : view.more?.hexdump ?? view.numbers?.text ?? "";
}
