// Small pictures of objects, asked for in batches once they can be seen.

import { picture, post } from "./api.js";
import { element } from "./ui.js";

const MOST = 24; // of one question
const PAUSE_MS = 40;

/** Thumbnails for the items of a list that scrolls. */
export class Thumbnails {
  #waiting = [];
  #timer;
  #running = new AbortController();
  #asking = false;

  constructor() {
    this.watcher = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (!isIntersecting) continue;
        this.watcher.unobserve(target);
        this.#waiting.push(target);
      }
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#ask(), PAUSE_MS);
    }, { rootMargin: "120px" });
  }

  /** A canvas that becomes the picture of an object once it is seen. */
  of(source) {
    const canvas = element("canvas", { class: "thumb", width: 1, height: 1, "aria-hidden": "true" });
    canvas.source = source;
    this.watcher.observe(canvas);
    return canvas;
  }

  /** Forget everything that was asked for: another list is shown. */
  clear() {
    this.watcher.disconnect();
    this.#waiting = [];
    this.#running.abort();
    this.#running = new AbortController();
    this.#asking = false;
  }

  async #ask() {
    if (this.#asking || !this.#waiting.length) return; // one at a time: the result comes first
    const batch = this.#waiting.splice(0, MOST);
    const { signal } = this.#running;
    this.#asking = true;
    try {
      const { thumbs } = await post("thumbs", { sources: batch.map(({ source }) => source) }, { signal });
      await Promise.all(batch.map((canvas, index) => draw(canvas, thumbs[index], signal)));
    } catch (error) {
      if (error.name === "AbortError") return;
      for (const canvas of batch) canvas.classList.add("none");
    } finally {
      if (!signal.aborted) {
        this.#asking = false;
        this.#ask();
      }
    }
  }
}

async function draw(canvas, thumb, signal) {
  if (!thumb?.frame) {
    canvas.classList.add("none");
    if (thumb?.error) canvas.title = thumb.error.message;
    return;
  }
  const pixels = await picture(thumb.frame.asset, { signal });
  canvas.width = pixels.width;
  canvas.height = pixels.height;
  canvas.getContext("2d").putImageData(pixels, 0, 0);
}
