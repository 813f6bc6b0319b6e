// Both sides as pictures: one zoom, one pointer, boxes and masks over both.

import { post } from "../api.js";
import { change, state } from "../state.js";
import { element } from "../ui.js";
import { BoxList, MaskControl, boxText, boxesOf } from "./geometry.js";
import { ImageSide } from "./image.js";
import { inverse, mapped } from "./marks.js";
import { loaded } from "./pictures.js";
import { isPicture } from "./view.js";
import { Viewport } from "./viewport.js";

const NAMES = ["before", "after"];
const GONE = [-9, -9, -9, -9]; // where nothing is seen
const KEYS_HELP =
  "+ and − zoom, 0 shows the whole picture, arrow keys move it, Shift with arrow keys moves the pointer.";

/** Canvases of both sides, their tools, and the values under the pointer. */
export class Pictures {
  #viewport = new Viewport(() => this.#paint());
  #sides = {};
  #shown = {}; // frame by side
  #geometry = null;
  #point = null; // where the pointer is: [side, x, y], in shares
  #asking = false;
  #values = element("output", { class: "values", "aria-label": "Values under the pointer" });
  #zoom = element("span", { class: "zoom" }, "1×");
  #draw;
  #boxes = new BoxList();
  #mask;
  #shape;
  root;

  constructor() {
    for (const name of NAMES) {
      this.#sides[name] = new ImageSide(name, this.#viewport, {
        pointed: (at) => this.#pointed(name, at),
        drawn: (box) => change({ boxes: boxText([...boxesOf(state.boxes), box]) }),
      });
    }
    this.#mask = new MaskControl((opacity) => this.#opacity(opacity));
    this.#draw = toolButton("Draw boxes", () => this.#drawMode(!this.#sides.before.drawing));
    this.#draw.setAttribute("aria-pressed", "false");
    const zooms = element(
      "span",
      { class: "tools", role: "group", "aria-label": "Zoom" },
      toolButton("−", () => this.#viewport.zoomBy(1 / 1.5), "Zoom out"),
      this.#zoom,
      toolButton("+", () => this.#viewport.zoomBy(1.5), "Zoom in"),
      toolButton("Fit", () => this.#viewport.fit(), "Show the whole picture"),
    );
    this.#shape = element("span", { class: "tools shapes" }, this.#draw, this.#boxes.add, this.#mask.root);
    this.root = element(
      "div",
      { class: "linked", hidden: true },
      this.#values,
      element("div", { class: "tools" }, zooms, this.#shape),
      element("p", { id: "picture-keys", class: "muted small" }, KEYS_HELP),
      this.#boxes.root,
    );
  }

  /** The canvas of a side. */
  canvas(name) {
    return this.#sides[name].canvas;
  }

  /** Show what of an answer is a picture. */
  show({ before, after, geometry, why }) {
    this.#geometry = geometry;
    const views = { before, after };
    for (const name of NAMES) {
      const view = views[name];
      this.#shown[name] = view && isPicture(view) ? view.frames[0] : null;
      if (this.#shown[name]) this.#sides[name].show(this.#shown[name]).catch(() => {});
    }
    const sides = NAMES.flatMap((name) => this.#shown[name] ?? []);
    this.root.hidden = !sides.length;
    this.#viewport.for(Math.max(1, ...sides.flatMap(({ width, height }) => [width, height])));
    this.#shape.hidden = !geometry && !state.boxes && !state.mask;
    this.#draw.hidden = !this.#shown.before;
    this.#boxes.show(geometry, this.#shown.before, why);
    this.#mask.show();
    this.#mark();
    if (this.#point) this.#ask();
  }

  /** Show no picture on a side. */
  hide(name) {
    this.#shown[name] = null;
    this.root.hidden = !this.#shown.before && !this.#shown.after;
    this.#paint();
  }

  #paint() {
    const { zoom } = this.#viewport;
    this.#zoom.textContent = `${zoom < 10 ? Number(zoom.toFixed(1)) : Math.round(zoom)}×`;
    for (const name of NAMES) this.#sides[name].paint();
  }

  #drawMode(on) {
    this.#sides.before.drawing = on;
    this.#draw.setAttribute("aria-pressed", String(on));
    this.canvas("before").classList.toggle("drawing", on);
  }

  #opacity(opacity) {
    for (const name of NAMES) this.#sides[name].marks.opacity = opacity;
    this.#paint();
  }

  async #mark() {
    const geometry = this.#geometry;
    const given = boxesOf(state.boxes);
    const after = (geometry?.boxes ?? []).map((row) => row.after);
    const faint = (place) => Boolean(geometry && (!after[place] || geometry.boxes[place].degenerate));
    const named = (box, place) => ({ box, name: box === GONE ? "" : String(place + 1), faint: faint(place) });
    this.#sides.before.marks.boxes = given.map(named);
    // A box that is gone keeps its place, so that colours stay the same.
    this.#sides.after.marks.boxes = after.map((box, place) => named(box ?? GONE, place));
    this.#paint();
    for (const name of NAMES) {
      const frame = geometry?.mask?.[name];
      const mask = frame ? await loaded(frame.asset).catch(() => null) : null;
      if (geometry !== this.#geometry) return;
      this.#sides[name].marks.mask = mask;
    }
    this.#paint();
  }

  #pointed(name, at) {
    this.#point = at && at.every((share) => share >= 0 && share < 1) ? [name, ...at] : null;
    for (const side of NAMES) this.#sides[side].marks.cross = this.#on(side);
    this.#paint();
    this.#ask();
  }

  /** The pointer in shares of a side: what it points at went there, or came from there. */
  #on(side) {
    if (!this.#point || !this.#shown[side]) return null;
    const [name, x, y] = this.#point;
    if (name === side) return [x, y];
    const matrix = this.#geometry?.matrix;
    const way = matrix && (name === "before" ? matrix : inverse(matrix));
    if (!way) return [x, y];
    const [from, to] = sizes(this.#geometry, name);
    const [mapX, mapY] = mapped(way, x * from[0], y * from[1]);
    const shares = [mapX / to[0], mapY / to[1]];
    return shares.every((share) => share >= 0 && share < 1) ? shares : null;
  }

  /** Ask for the values at the pointer, one question at a time: the newest. */
  async #ask() {
    if (this.#asking) return;
    this.#asking = true;
    let asked = null;
    while (asked !== this.#point) {
      asked = this.#point;
      this.#values.textContent = asked ? await this.#said() : "";
    }
    this.#asking = false;
  }

  async #said() {
    const parts = [];
    for (const name of NAMES) {
      const at = this.#on(name);
      const frame = this.#shown[name];
      if (!at || !frame) continue;
      const x = Math.floor(at[0] * frame.width);
      const y = Math.floor(at[1] * frame.height);
      try {
        const { values } = await post("values", { asset: frame.asset, x, y });
        parts.push(`${name} (${x}, ${y}): ${values.join(", ")}`);
      } catch {
        return this.#values.textContent; // overtaken: a new result is on its way
      }
    }
    return parts.join(" · ");
  }
}

function sizes({ source, result }, name) {
  return name === "before" ? [source, result] : [result, source];
}

function toolButton(text, onclick, label) {
  return element("button", { type: "button", onclick, "aria-label": label, title: label }, text);
}
