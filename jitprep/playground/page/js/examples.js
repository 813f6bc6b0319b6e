// A pipeline to begin with, which suits the source that is looked at.

const EXAMPLES = {
  image: "grayscale/resize:224,224/png",
  audio: "mono/resample:16000/mel_spectrogram/npy",
  video: "sample_frames:8/resize:224,224/npy",
  text: "strip_html/collapse_whitespace/text",
  shard: "tar/grayscale/resize:224,224/png",
};
const listeners = [];
let kind = "image";

/** The example for the source that is looked at. */
export function example() {
  return EXAMPLES[kind] ?? EXAMPLES.image;
}

/** Say what kind of source is looked at. */
export function setSourceKind(found) {
  if (found === kind) return;
  kind = found;
  for (const listener of listeners) listener();
}

/** Call a function when another example suits. */
export function onExample(listener) {
  listeners.push(listener);
}
