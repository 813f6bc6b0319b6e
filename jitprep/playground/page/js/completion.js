// What may be written at the caret: steps, names of arguments, and choices, from the catalogue.

import { plainProse } from "./prose.js";

const MOST = 60;

/**
 * What may be written at the caret.
 *
 * Returns `{from, to, token, options, argument}`: an option replaces the text between `from` and `to`;
 * `argument` is the one whose value is written there, if any.
 */
export function complete(text, caret, catalogue, presets) {
  const before = text.slice(0, caret);
  const start = before.lastIndexOf("/") + 1;
  const part = before.slice(start);
  const colon = part.indexOf(":");
  const rest = text.slice(caret).match(/^[^/,:=]*/)[0].length;
  const at = (from, options, argument) => (
    { from, to: caret + rest, token: before.slice(from), options, argument }
  );
  if (colon < 0) return at(start, stepOptions(part, start === 0, text, catalogue, presets));
  const name = part.slice(0, colon);
  const word = catalogue.words.find((known) => known.name === name && known.arguments?.length);
  const step = catalogue.byName.get(name) ?? word;
  if (!step) return at(start, wordOptions(part, catalogue));
  const items = part.slice(colon + 1).split(",");
  const item = items.at(-1);
  const equals = item.indexOf("=");
  const from = caret - (equals < 0 ? item.length : item.length - equals - 1);
  const argument = argumentAt(step, items);
  return at(from, argumentOptions(step, items, argument, before.slice(from)), argument);
}

/** The words and the steps that fit what is typed, best first. */
export function stepsLike(token, steps) {
  const wanted = token.toLowerCase();
  const rank = ({ name, summary }) => {
    if (name.startsWith(wanted)) return 0;
    if (name.includes(wanted)) return 1;
    const loose = name.replaceAll("_", "").includes(wanted.replace(/[\s_-]/g, ""));
    if (loose) return 2;
    return wanted.length > 2 && summary.toLowerCase().includes(wanted) ? 3 : 4;
  };
  return steps
    .map((step) => [rank(step), step])
    .filter(([place]) => place < 4)
    .sort(([left], [right]) => left - right)
    .map(([, step]) => step);
}

function stepOptions(token, first, text, catalogue, presets) {
  const whole = first && !text.includes("/");
  const named = whole ? presets.map((preset) => ({ ...preset, summary: `preset: ${preset.pipeline}` })) : [];
  const found = stepsLike(token, catalogue.steps).map((step) => ({
    insert: step.arguments.some((argument) => argument.required) ? `${step.name}:` : step.name,
    label: step.name,
    detail: plainProse(step.summary),
  }));
  const words = first ? wordOptions(token, catalogue) : [];
  const known = stepsLike(token, named).map((preset) => option(preset.pipeline, preset.name, preset.summary));
  return [...found, ...words, ...known].slice(0, MOST);
}

function wordOptions(token, { words }) {
  return words
    .filter(({ name }) => name.startsWith(token) && name !== "skip")
    .map(({ name, summary }) => option(`${name}/`, name, summary));
}

/** The argument that the last item is a value of. */
function argumentAt(step, items) {
  const key = namesIn(items).at(-1);
  if (key) return step.arguments.find(({ name }) => name === key);
  return step.arguments[step.arguments[0]?.form === "list" ? 0 : items.length - 1];
}

function namesIn(items) {
  return items.filter((item) => item.includes("=")).map((item) => item.split("=")[0]);
}

function argumentOptions(step, items, current, token) {
  const named = namesIn(items);
  const choices = values(current).map((value) => option(value, value, current.about));
  const names = items.at(-1).includes("=") ? [] : step.arguments
    .filter(({ name, required }) => !named.includes(name) && !(required && name === current?.name))
    .map(({ name, expects, about }) => option(`${name}=`, `${name}=`, about || expects));
  return [...choices, ...names].filter(({ label }) => label.startsWith(token)).slice(0, MOST);
}

function values(argument) {
  if (argument?.form === "bool") return ["true", "false"];
  return (argument?.choices ?? []).map(String);
}

function option(insert, label, detail) {
  return { insert, label, detail: plainProse(detail ?? "") };
}
