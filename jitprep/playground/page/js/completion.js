// What may be written at the caret: steps, names of arguments, and choices, from the catalogue.

const MOST = 60;

/**
 * What may be written at the caret.
 *
 * Returns `{from, to, token, options}`: an option replaces the text between `from` and `to`.
 */
export function complete(text, caret, catalogue, presets) {
  const before = text.slice(0, caret);
  const start = before.lastIndexOf("/") + 1;
  const part = before.slice(start);
  const colon = part.indexOf(":");
  const rest = text.slice(caret).match(/^[^/,:=]*/)[0].length;
  const at = (from, options) => ({ from, to: caret + rest, token: before.slice(from), options });
  if (colon < 0) return at(start, stepOptions(part, start === 0, text, catalogue, presets));
  const step = catalogue.byName.get(part.slice(0, colon));
  if (!step) return at(start, wordOptions(part, catalogue));
  const items = part.slice(colon + 1).split(",");
  const item = items.at(-1);
  const equals = item.indexOf("=");
  const from = caret - (equals < 0 ? item.length : item.length - equals - 1);
  return at(from, argumentOptions(step, items, before.slice(from)));
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
  const named = whole ? presets.map(({ name, pipeline }) => ({ name, summary: `preset: ${pipeline}` })) : [];
  const found = stepsLike(token, catalogue.steps).map((step) => ({
    insert: step.arguments.some((argument) => argument.required) ? `${step.name}:` : step.name,
    label: step.name,
    detail: step.summary,
  }));
  const words = first ? wordOptions(token, catalogue) : [];
  const known = stepsLike(token, named).map((preset) => option(preset.name, preset.name, preset.summary));
  return [...known, ...found, ...words].slice(0, MOST);
}

function wordOptions(token, { words }) {
  return words
    .filter(({ name }) => name.startsWith(token) && name !== "skip")
    .map(({ name, summary }) => option(`${name}/`, name, summary));
}

function argumentOptions(step, items, token) {
  const named = items.filter((item) => item.includes("=")).map((item) => item.split("=")[0]);
  const item = items.at(-1);
  const key = item.includes("=") ? item.split("=")[0] : named.at(-1);
  const current = key
    ? step.arguments.find(({ name }) => name === key)
    : step.arguments[step.arguments[0]?.form === "list" ? 0 : items.length - 1];
  const choices = values(current).map((value) => option(value, value, current.about));
  const names = item.includes("=") ? [] : step.arguments
    .filter(({ name, required }) => !named.includes(name) && !(required && name === current?.name))
    .map(({ name, expects, about }) => option(`${name}=`, `${name}=`, about || expects));
  return [...choices, ...names].filter(({ label }) => label.startsWith(token)).slice(0, MOST);
}

function values(argument) {
  if (argument?.form === "bool") return ["true", "false"];
  return (argument?.choices ?? []).map(String);
}

function option(insert, label, detail) {
  return { insert, label, detail };
}
