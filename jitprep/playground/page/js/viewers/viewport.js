// What part of a picture is seen: in shares of the picture, so that two pictures of any size show the same.

const LEAST_SEEN = 4; // pixels of the larger picture at the highest zoom

/** A zoom and a centre that both sides share. Calls `changed` after each change. */
export class Viewport {
  zoom = 1;
  most = 1;
  x = 0.5;
  y = 0.5;

  constructor(changed) {
    this.changed = changed;
  }

  /** Set the highest zoom for pictures of at most some pixels a side. */
  for(pixels) {
    this.most = Math.max(4, pixels / LEAST_SEEN);
    if (this.zoom > this.most) this.fit();
  }

  /** Zoom by a factor and keep a point, in shares of the picture, where it is on the screen. */
  zoomBy(factor, x = this.x, y = this.y) {
    const before = this.zoom;
    this.zoom = Math.min(this.most, Math.max(1, this.zoom * factor));
    const kept = before / this.zoom;
    this.#centre(x + (this.x - x) * kept, y + (this.y - y) * kept);
  }

  /** Move by shares of the picture. */
  panBy(x, y) {
    this.#centre(this.x + x, this.y + y);
  }

  /** Show the whole picture. */
  fit() {
    this.zoom = 1;
    this.#centre(0.5, 0.5);
  }

  #centre(x, y) {
    const half = 0.5 / this.zoom;
    this.x = Math.min(1 - half, Math.max(half, x));
    this.y = Math.min(1 - half, Math.max(half, y));
    this.changed();
  }
}

/** How a picture of some size lies on a canvas: scale in screen pixels per pixel, and where its corner is. */
export function placed(viewport, canvas, width, height) {
  const fit = Math.min(canvas.width / width, canvas.height / height);
  const scale = fit * viewport.zoom;
  return {
    scale,
    left: canvas.width / 2 - viewport.x * width * scale,
    top: canvas.height / 2 - viewport.y * height * scale,
  };
}
