// Video: frames on a timeline, and a player or an animation of the frames.

import { element } from "../ui.js";
import { enlarge } from "./dialog.js";
import { player } from "./media.js";
import { frameCanvas, paintFrame } from "./pictures.js";

/** The frames of a video at their times, and a way to play it. */
export function videoContent(view, name) {
  const strip = element("ol", { class: "filmstrip", "aria-label": `Frames of ${name}` });
  const animated = () => animation(view, name);
  const open = (frame) => enlarge(moment(frame), frameCanvas(frame, moment(frame), 1600));
  strip.append(...view.frames.map((frame) => element("li", {}, element(
    "button",
    { type: "button", class: "opener", title: `Open ${moment(frame)}`, onclick: () => open(frame) },
    frameCanvas(frame, "", 112),
    element("span", {}, moment(frame)),
  ))));
  const shown = view.frames.length;
  const more = view.count > shown ? `${shown} of ${view.count} frames are shown` : null;
  return element(
    "div",
    { class: "video" },
    view.media ? player("video", view, `Play ${name}`, animated) : animated(),
    strip,
    more && element("p", { class: "muted" }, more),
  );
}

function moment({ seconds, label }) {
  return seconds === null || seconds === undefined ? label || "a frame" : `${seconds.toFixed(2)} s`;
}

/** A canvas on which frames follow each other, each as long as until the next one's time. */
function animation(view, name) {
  if (!view.frames.length) return element("p", { class: "muted" }, "no frames");
  const canvas = frameCanvas(view.frames[0], name, 640);
  let at = 0;
  let timer = null;
  const slider = element("input", { type: "range", min: 0, max: view.frames.length - 1, value: 0 });
  slider.setAttribute("aria-label", `Frame of ${name}`);
  const time = element("span", { class: "muted" }, moment(view.frames[0]));
  const go = (place) => {
    at = place % view.frames.length;
    slider.value = at;
    time.textContent = moment(view.frames[at]);
    paintFrame(canvas, view.frames[at]);
  };
  const next = () => {
    if (!canvas.isConnected) return;
    go(at + 1);
    timer = setTimeout(next, pause(view, at));
  };
  const button = element("button", { type: "button", "aria-pressed": "false" }, "Play frames");
  button.addEventListener("click", () => {
    if (timer === null) timer = setTimeout(next, pause(view, at));
    else {
      clearTimeout(timer);
      timer = null;
    }
    button.textContent = timer === null ? "Play frames" : "Pause";
    button.setAttribute("aria-pressed", String(timer !== null));
  });
  slider.addEventListener("input", () => go(slider.valueAsNumber));
  const tools = element("div", { class: "tools" }, button, slider, time);
  return element("div", { class: "animation" }, canvas, tools);
}

function pause(view, at) {
  const here = view.frames[at].seconds;
  const next = view.frames[at + 1]?.seconds;
  const known = typeof here === "number" && typeof next === "number" && next > here;
  const rate = view.rate && view.frames.length === view.count ? view.rate : 8;
  return 1000 * Math.min(1, Math.max(0.02, known ? next - here : 1 / rate));
}
