// A step as it is added: with values to begin from where it requires some, so that it does something.

import { writeStep } from "./spelling.js";

// By the argument's name, because a type alone says little: 1 is a poor size.
const VALUES = {
  size: 224, kernel_size: 5, mean: "imagenet", padding: 16, degrees: 15, angle: 15,
  brightness_factor: 1.4, contrast_factor: 1.4, saturation_factor: 1.4, sharpness_factor: 2,
  hue_factor: 0.1, gamma: 0.8, bits: 4, threshold: 128, top: 0, left: 0, height: 128, width: 128,
  startpoints: [0, 0, 199, 0, 199, 199, 0, 199], count: 4, seconds: 5, snr_db: 20, low: 0.9, high: 1.1,
  freq_mask_param: 16, time_mask_param: 32, start: 0, fps: 2, length: 64, column: "text", field: "text",
  file: "tokenizer.json",
};

/** The text of a step that was chosen from the list. */
export function firstLine(step) {
  const needed = step.arguments.filter((argument) => argument.required);
  const given = Object.fromEntries(needed.map((argument) => [argument.name, value(argument)]));
  return writeStep(step, step.name, given);
}

function value({ name, form, choices, least, most }) {
  if (choices?.length) return choices[0];
  if (name === "rate") return form === "int" ? 16000 : 1.2; // of samples, or of speed
  if (name in VALUES) return VALUES[name];
  return form === "bool" ? false : Math.min(Math.max(1, least ?? 1), most ?? 1);
}
