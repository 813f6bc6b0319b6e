// Sound: what it looks like over time, and a player.

import { element } from "../ui.js";
import { player } from "./media.js";
import { frameCanvas } from "./pictures.js";

/** Pictures of a sound, and its player where a browser plays it. */
export function soundContent(view, name) {
  const pictures = view.frames.map((frame, place) => {
    const label = frame.label || view.kind;
    // The first has the side's name alone.
    const canvas = frameCanvas(frame, place ? `${name} ${label}` : name, 1200);
    canvas.classList.add("wide");
    return element("figure", {}, canvas, element("figcaption", {}, axes(label, view)));
  });
  const playing = view.media ? player("audio", view, `Play ${name}`, silence) : null;
  return element("div", { class: "sound" }, pictures, playing);
}

/** What a picture's sides are. */
function axes(label, { seconds, more }) {
  const length = seconds === null ? "" : `, ${Number(seconds.toPrecision(3))} s`;
  const height = label === "spectrogram" && more?.hertz ? `, 0 to ${more.hertz / 1000} kHz` : "";
  return `${label}${height}${length}`;
}

function silence() {
  return element("p", { class: "muted" }, "The browser does not play this sound.");
}
