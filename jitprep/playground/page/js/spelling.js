// How a step is written in a line, as the library writes it.

const PLAIN = /^[A-Za-z0-9_.~-]*$/;

/** A step's text: its required values, then the others that are given, by name. */
export function writeStep(step, name, given) {
  const known = step?.arguments ?? [];
  const values = [];
  let named = false; // after a value that is missing, the rest need their names
  for (const { name: key, required } of known.filter((argument) => argument.required)) {
    if (!(key in given)) named = true;
    else values.push(named || !required ? `${key}=${writeValue(given[key])}` : writeValue(given[key]));
  }
  const needed = new Set(known.filter((argument) => argument.required).map((argument) => argument.name));
  for (const [key, value] of Object.entries(given)) {
    if (!needed.has(key)) values.push(`${key}=${writeValue(value)}`);
  }
  return values.length ? `${name}:${values.join(",")}` : name;
}

/** A value as it stands in a line. Text that a URL cannot hold is percent-encoded. */
export function writeValue(value) {
  if (Array.isArray(value)) return value.map(writeValue).join(",");
  const text = String(value);
  return PLAIN.test(text) ? text : encodeURIComponent(text).replace(/[!'()*]/g, percent);
}

function percent(character) {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** A value as a person types it in a field: what `readValue` reads. */
export function showValue(value) {
  if (value === null || value === undefined) return "";
  return Array.isArray(value) ? value.map(showValue).join(", ") : String(value);
}

/** The value of a field; undefined for an empty one. Numbers stay as they are typed. */
export function readValue(form, text) {
  const value = text.trim();
  if (!value) return undefined;
  if (form !== "list") return value;
  const items = value.split(/[\s,]+/).filter(Boolean);
  return items.length ? items : undefined;
}

/** Whether a pipeline is a document (JSON or TOML), and not a line. */
export function isDocument(text) {
  return /^\s*[{[]/.test(text) || text.trim().includes("\n");
}

/** Places of steps that are off, after the steps changed: those that stayed keep being off. */
export function moveOff(off, before, after) {
  let head = 0;
  while (head < before.length && head < after.length && before[head] === after[head]) head += 1;
  let tail = 0;
  const most = Math.min(before.length, after.length) - head;
  while (tail < most && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail += 1;
  const added = after.length - before.length;
  const same = added === 0; // a step was rewritten, so each is where it was
  return off
    .filter((place) => same || place < head || place >= before.length - tail)
    .map((place) => (place < head || same ? place : place + added))
    .filter((place) => place < after.length);
}
