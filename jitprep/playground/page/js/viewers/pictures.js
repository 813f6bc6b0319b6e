// Pictures by their asset's id: fetched once, and painted on canvases.

import { picture } from "../api.js";
import { element } from "../ui.js";

const MOST_BYTES = 256 * 2 ** 20;
const kept = new Map(); // id to the promise of a canvas and its bytes; the newest last
let total = 0;

/** The picture of an asset, as a canvas that is never shown. Asked for once. */
export function loaded(asset) {
  const found = kept.get(asset);
  if (found) {
    kept.delete(asset);
    kept.set(asset, found);
    return found.canvas;
  }
  const entry = { canvas: null, nbytes: 0 };
  entry.canvas = load(asset, entry);
  kept.set(asset, entry);
  entry.canvas.catch(() => kept.delete(asset));
  return entry.canvas;
}

async function load(asset, entry) {
  const data = await picture(asset);
  const canvas = element("canvas", { width: data.width, height: data.height });
  canvas.getContext("2d").putImageData(data, 0, 0);
  entry.nbytes = data.data.length;
  total += entry.nbytes;
  for (const [old, { nbytes }] of kept) {
    if (total <= MOST_BYTES || old === asset) break;
    kept.delete(old);
    total -= nbytes;
  }
  return canvas;
}

/** A canvas with a frame's whole picture, of at most some pixels a side. Without a label it is decoration. */
export function frameCanvas(frame, label, most = 512) {
  const share = Math.min(1, most / Math.max(frame.width, frame.height, 1));
  const canvas = element("canvas", {
    class: "frame",
    ...(label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" }),
    width: Math.max(1, Math.round(frame.width * share)),
    height: Math.max(1, Math.round(frame.height * share)),
  });
  paintFrame(canvas, frame);
  return canvas;
}

/** Paint a frame on a canvas, as large as the canvas is. */
export async function paintFrame(canvas, frame) {
  canvas.dataset.asset = frame.asset;
  try {
    const source = await loaded(frame.asset);
    if (canvas.dataset.asset !== frame.asset) return;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.imageSmoothingQuality = "high";
    context.imageSmoothingEnabled = canvas.width < 2 * source.width;
    context.drawImage(source, 0, 0, canvas.width, canvas.height);
  } catch {
    canvas.title = "this picture is no longer kept";
  }
}
