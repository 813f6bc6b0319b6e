// One side with a picture that is zoomed, panned and pointed at.

import { element } from "../ui.js";
import { paintBoxes, paintCrosshair } from "./marks.js";
import { loaded } from "./pictures.js";
import { placed } from "./viewport.js";

const PIXELATED = 2; // screen pixels per pixel from which pixels are shown as squares
const STEP = 0.1; // of what is seen, for an arrow key

/**
 * A canvas. `pointed(x, y)` is called with a point in shares of the picture, or with null; `drawn(box)` with
 * a box in pixels once one is drawn.
 */
export class ImageSide {
  frame = null;
  marks = { boxes: [], mask: null, opacity: 1, cross: null, open: null };
  drawing = false;
  #viewport;
  #heard;
  #picture = null;
  #held = new Map(); // pointers that are down
  #start = null; // of the box that is being drawn
  #queued = false;

  constructor(name, viewport, heard) {
    this.#viewport = viewport;
    this.#heard = heard;
    this.canvas = element("canvas", {
      class: "picture",
      role: "img",
      "aria-label": name,
      "aria-describedby": "picture-keys",
      tabIndex: 0,
    });
    new ResizeObserver(() => this.paint()).observe(this.canvas);
    this.#listen();
  }

  /** Show a frame; the one before it stays until its picture is there. */
  async show(frame) {
    this.frame = frame;
    const picture = await loaded(frame.asset);
    if (this.frame !== frame) return;
    this.#picture = picture;
    const ratio = Math.min(12, Math.max(1 / 12, frame.width / frame.height));
    this.canvas.style.aspectRatio = String(ratio);
    this.canvas.style.maxWidth = `calc(65vh * ${ratio})`;
    this.paint();
  }

  /** Paint before the screen is next drawn. */
  paint() {
    if (this.#queued) return;
    this.#queued = true;
    requestAnimationFrame(() => {
      this.#queued = false;
      this.#paint();
    });
  }

  #paint() {
    const { canvas, frame } = this;
    const picture = this.#picture;
    if (!picture || !canvas.clientWidth) return;
    const width = Math.round(canvas.clientWidth * devicePixelRatio);
    const height = Math.round(canvas.clientHeight * devicePixelRatio);
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const { scale, left, top } = placed(this.#viewport, canvas, frame.width, frame.height);
    const area = [left, top, frame.width * scale, frame.height * scale];
    context.imageSmoothingEnabled = (frame.width * scale) / picture.width < PIXELATED;
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, ...area);
    const { boxes, mask, opacity, cross, open } = this.marks;
    if (mask) {
      context.globalAlpha = opacity;
      context.imageSmoothingEnabled = false;
      context.drawImage(mask, ...area);
      context.globalAlpha = 1;
    }
    paintBoxes(context, open ? [...boxes, open] : boxes, { scale, left, top });
    if (cross) paintCrosshair(context, left + cross[0] * area[2], top + cross[1] * area[3], scale);
    canvas.classList.toggle("zoomed", this.#viewport.zoom > 1);
  }

  /** A place on the screen in shares of the picture. */
  #shares(event) {
    const { canvas, frame } = this;
    const area = canvas.getBoundingClientRect();
    const { scale, left, top } = placed(this.#viewport, canvas, frame.width, frame.height);
    const x = ((event.clientX - area.left) * canvas.width) / area.width;
    const y = ((event.clientY - area.top) * canvas.height) / area.height;
    return [(x - left) / scale / frame.width, (y - top) / scale / frame.height];
  }

  #listen() {
    const on = (name, call, options) =>
      this.canvas.addEventListener(name, (event) => this.frame && call(event), options);
    on("wheel", (event) => this.#wheel(event), { passive: false });
    on("pointerdown", (event) => this.#down(event));
    on("pointermove", (event) => this.#move(event));
    on("pointerup", (event) => this.#up(event));
    on("pointercancel", (event) => this.#up(event));
    on("pointerleave", (event) => event.pointerType === "mouse" && this.#heard.pointed(null));
    on("keydown", (event) => this.#key(event));
  }

  #wheel(event) {
    const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0025));
    if (this.#viewport.zoom === 1 && factor <= 1) return; // the page scrolls
    event.preventDefault();
    this.#viewport.zoomBy(factor, ...this.#shares(event));
  }

  #down(event) {
    if (event.button) return;
    this.canvas.setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, event);
    if (this.drawing && this.#held.size === 1) this.#start = this.#pixels(event);
    this.#heard.pointed(this.#shares(event));
  }

  #move(event) {
    const before = this.#held.get(event.pointerId);
    if (this.#start) this.#stretch(event);
    else if (before && this.#held.size === 2) this.#pinch(event, before);
    else if (before) this.#pan(event, before);
    if (before) this.#held.set(event.pointerId, event);
    this.#heard.pointed(this.#shares(event));
  }

  #up(event) {
    this.#held.delete(event.pointerId);
    const box = this.marks.open?.box;
    this.#start = this.marks.open = null;
    if (box && event.type === "pointerup" && box[2] - box[0] >= 1 && box[3] - box[1] >= 1) {
      this.#heard.drawn(box);
    }
    this.paint();
  }

  #pixels(event) {
    const [x, y] = this.#shares(event);
    const { width, height } = this.frame;
    const inside = (share, size) => Math.round(Math.min(1, Math.max(0, share)) * size);
    return [inside(x, width), inside(y, height)];
  }

  #stretch(event) {
    const [x, y] = this.#pixels(event);
    const [left, top] = this.#start;
    const box = [Math.min(left, x), Math.min(top, y), Math.max(left, x), Math.max(top, y)];
    this.marks.open = { box, name: "" };
    this.paint();
  }

  #pan(event, before) {
    const [x, y] = this.#shares(event);
    const [oldX, oldY] = this.#shares(before);
    this.#viewport.panBy(oldX - x, oldY - y);
  }

  #pinch(event, before) {
    const other = [...this.#held.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    const apart = (one) => Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY) || 1;
    this.#viewport.zoomBy(apart(event) / apart(before), ...this.#shares(other));
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const view = this.#viewport;
    const [x, y] = ARROWS[event.key] ?? [0, 0];
    const seen = STEP / view.zoom;
    if (event.key in ARROWS && event.shiftKey) this.#point(x, y);
    else if (event.key in ARROWS && view.zoom > 1) view.panBy(x * seen, y * seen);
    else if (event.key === "+" || event.key === "=") view.zoomBy(1.5, ...(this.marks.cross ?? []));
    else if (event.key === "-") view.zoomBy(1 / 1.5);
    else if (event.key === "0") view.fit();
    else if (event.key === "Escape" && this.marks.cross) this.#heard.pointed(null);
    else return;
    event.preventDefault();
  }

  /** Move the crosshair: by a pixel where pixels are seen, or by a part of what is seen. */
  #point(x, y) {
    const view = this.#viewport;
    const { width, height } = this.frame;
    const [oldX, oldY] = this.marks.cross ?? [view.x, view.y];
    const step = (size) => Math.max(1, Math.round((size / view.zoom) * 0.02)) / size;
    const inside = (share, size) => Math.min(1 - 0.5 / size, Math.max(0.5 / size, share));
    this.#heard.pointed([inside(oldX + x * step(width), width), inside(oldY + y * step(height), height)]);
  }
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
