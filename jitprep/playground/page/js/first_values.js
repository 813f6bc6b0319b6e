// A step as it is added: with values to begin from where it requires some, so that it does something.

import { writeStep } from "./spelling.js";

// Where the catalogue's example does not fit beside the others of its step, or it has none.
const VALUES = {
  height: 128, width: 128, padding: 16, hue_factor: 0.1, low: 0.9, high: 1.1, length: 64,
  startpoints: [0, 0, 199, 0, 199, 199, 0, 199], file: "tokenizer.json",
};

/** The text of a step that was chosen from the list. */
export function firstLine(step) {
  const needed = step.arguments.filter((argument) => argument.required);
  const given = Object.fromEntries(needed.map((argument) => [argument.name, value(argument)]));
  return writeStep(step, step.name, given);
}

function value({ name, example, choices, least }) {
  return VALUES[name] ?? example ?? choices[0] ?? least ?? 1;
}
