// The field "Key or URL": an object of a place by its key, or by a URL that begins with the place's.

import { change, state, subscribe } from "./state.js";
import { element, errorBox } from "./ui.js";

/** The field, and the error where no place has what it names. */
export function keyField({ places }) {
  const input = element("input", {
    type: "text",
    id: "key",
    spellcheck: false,
    autocapitalize: "off",
    autocomplete: "off",
    "aria-describedby": "key-problem",
  });
  const example = () => {
    const place = places.find(({ name }) => name === state.place) ?? places[0];
    input.placeholder = place ? `${place.url.replace(/\/$/, "")}/…` : "";
  };
  subscribe((changed) => changed.has("place") && example());
  example();
  const problem = element("div", { id: "key-problem" });
  const open = (event) => {
    event.preventDefault();
    try {
      problem.replaceChildren();
      const found = resolve(input.value.trim(), places);
      if (!found) return;
      change({ ...found, upload: "", member: "", mask: "", boxes: "" });
      input.value = "";
    } catch (error) {
      problem.replaceChildren(errorBox(error));
    }
  };
  return element("form", { class: "field", onsubmit: open },
    element("label", { htmlFor: "key" }, "Key or URL"),
    element("div", { class: "row" }, input, element("button", { type: "submit" }, "Open")),
    problem);
}

/** The place and the key of what was pasted; null for nothing. Throws where no place allows it. */
export function resolve(text, places) {
  if (!text) return null;
  const allowed = places.map(({ url }) => url).join(", ");
  if (!places.length) throw new Error("this page was given no place to read from; drop a file instead");
  // The longest URL wins, where one place lies inside another.
  const fitting = places
    .map(({ name, url }) => ({ name, base: url.endsWith("/") ? url : `${url}/` }))
    .filter(({ base }) => text.startsWith(base) && text.length > base.length)
    .sort((left, right) => right.base.length - left.base.length);
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\//i.test(text);
  if (!fitting.length && !isUrl) return { place: state.place || places[0].name, key: text };
  if (!fitting.length) throw new Error(`this URL is in none of the places that may be read: ${allowed}`);
  const [{ name, base }] = fitting;
  const rest = text.slice(base.length);
  return { place: name, key: /^https?:/i.test(text) ? plain(rest) : rest };
}

/** The key of an HTTP URL: without query and fragment, decoded. */
function plain(path) {
  const [rest] = path.split(/[?#]/);
  try {
    return decodeURIComponent(rest);
  } catch {
    return rest;
  }
}
