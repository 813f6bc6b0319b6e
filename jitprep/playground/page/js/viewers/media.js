// Players of sound and video.

import { assetUrl } from "../api.js";
import { element } from "../ui.js";

/**
 * An audio or video element that plays an asset. It is read whole, so that one can seek in it. What the
 * browser does not play gives way to `instead()`.
 */
export function player(tag, view, label, instead) {
  const playing = element(tag, { controls: true, "aria-label": label, preload: "metadata" });
  const give = () => playing.replaceWith(instead());
  playing.addEventListener("error", give, { once: true });
  read(view).then((url) => (playing.src = url), give);
  return playing;
}

const urls = new Map(); // asset to the URL of its bytes; the oldest are let go
const MOST_URLS = 8;

async function read({ media, media_type: type }) {
  if (!urls.has(media)) {
    const answer = await fetch(assetUrl(media));
    if (!answer.ok) throw new Error("gone");
    const blob = new Blob([await answer.arrayBuffer()], { type });
    urls.set(media, URL.createObjectURL(blob));
  }
  for (const [old, url] of urls) {
    if (urls.size <= MOST_URLS) break;
    urls.delete(old);
    URL.revokeObjectURL(url);
  }
  return urls.get(media);
}
