// Cells of a contact sheet, and their orders.

import { bytes, element } from "./ui.js";
import { frameCanvas } from "./viewers/pictures.js";

const down = (value) => (one, other) => (value(other) ?? -1) - (value(one) ?? -1);
const byKey = (one, other) => (one.key < other.key ? -1 : 1);

/** Orders by name: what the page calls each, and how two rows compare. */
export const SORTS = {
  failures: { label: "failures first", order: (one, other) => Boolean(other.error) - Boolean(one.error) },
  size: { label: "size, largest first", order: down((row) => row.result_nbytes) },
  time: { label: "time, slowest first", order: down((row) => row.ms) },
  difference: { label: "difference, largest first", order: down((row) => row.difference) },
  key: { label: "key", order: byKey },
};

/** Rows in an order; equal ones by key. */
export function sorted(rows, name) {
  const { order } = SORTS[name];
  return [...rows].sort((one, other) => order(one, other) || byKey(one, other));
}

/** One object: its result, or why there is none. */
export function sheetCell(row, open) {
  const { key, nbytes, result_nbytes: result, ms, frame, difference, error } = row;
  const inside = [element("span", { class: "cell-name" }, key.split("/").at(-1) || key)];
  if (frame) inside.unshift(frameCanvas(frame, "", 160));
  if (error) inside.push(element("span", { class: "cell-error" }, `Failed: ${error.message}`));
  else inside.push(element("span", { class: "muted" }, numbers(nbytes, result, ms, difference)));
  const button = element("button", { type: "button", class: "cell", title: key, onclick: open }, inside);
  if (error) button.classList.add("failed");
  return element("li", {}, button);
}

function numbers(nbytes, result, ms, difference) {
  const parts = [`${bytes(nbytes)} → ${bytes(result)}`, `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`];
  if (difference !== null && difference !== undefined) {
    parts.push(`difference ${Number(difference.toPrecision(3))}`);
  }
  return parts.join(", ");
}
