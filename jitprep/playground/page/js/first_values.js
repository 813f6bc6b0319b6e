// A step as it is added: with values to begin from where it requires some, so that it does something.

import { writeStep } from "./spelling.js";

// By the argument's name, because a type alone says little: 1 is a poor size.
const VALUES = {
  size: 224, kernel_size: 5, mean: "imagenet", padding: 16, degrees: 20, angle: 20,
  brightness_factor: 1.5, contrast_factor: 1.5, saturation_factor: 1.5, sharpness_factor: 2,
  hue_factor: 0.1, gamma: 1.5, bits: 4, threshold: 128, top: 16, left: 16, height: 128, width: 128,
  startpoints: [0, 0, 199, 0, 199, 199, 0, 199], count: 8, seconds: 5, snr_db: 20, low: 0.9, high: 1.1,
  freq_mask_param: 16, time_mask_param: 32, start: 0, fps: 2, length: 64, column: "text", field: "text",
  file: "tokenizer",
};
// Needed beside these, although it has a default.
const BESIDES = { perspective: { endpoints: [20, 10, 180, 0, 199, 199, 0, 180] } };

/** The text of a step that was chosen from the list. */
export function firstLine(step) {
  const needed = step.arguments.filter((argument) => argument.required);
  const given = Object.fromEntries(needed.map((argument) => [argument.name, firstValue(argument)]));
  return writeStep(step, step.name, { ...given, ...BESIDES[step.name] });
}

/** A value to begin from, for an argument that is required. */
export function firstValue({ name, form, choices, least }) {
  if (choices.length) return choices[0];
  if (name === "rate") return form === "int" ? 16000 : 1.2; // of samples, or of speed
  return VALUES[name] ?? least ?? 1;
}
