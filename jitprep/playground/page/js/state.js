// The page's state. All of it is in the URL, so that a link, Back and Forward lead to the same view.

const TEXTS = [
  "place", "key", "upload", "member", "pipeline", "tab", "prefix", "search", "boxes", "mask",
];
const listeners = [];

/** What is shown. Read it; change it only with `change`. */
export const state = read();

function read() {
  const query = new URLSearchParams(location.search);
  const found = Object.fromEntries(TEXTS.map((name) => [name, query.get(name) ?? ""]));
  const seed = Number(query.get("seed") ?? 0);
  found.seed = Number.isSafeInteger(seed) && seed >= 0 ? seed : 0;
  const off = (query.get("off") ?? "").split(",").filter((place) => /^\d{1,4}$/.test(place));
  found.off = off.map(Number);
  return found;
}

/** The URL of the page with a part of the state changed. */
export function urlWith(patch) {
  const query = new URLSearchParams();
  const next = { ...state, ...patch };
  for (const name of TEXTS) if (next[name]) query.set(name, next[name]);
  if (next.seed) query.set("seed", next.seed);
  if (next.off.length) query.set("off", next.off.join(","));
  const text = query.toString().replace(/%(2F|3A|2C)/g, decodeURIComponent); // a pipeline can be read there
  return `${location.pathname}${text ? `?${text}` : ""}`;
}

/**
 * Change the state and the URL, then call every listener with the names that changed.
 * With `replace`, Back does not lead to the state before: for what changes while one types or drags.
 */
export function change(patch, { replace = false } = {}) {
  const changed = Object.keys(patch).filter(
    (name) => JSON.stringify(patch[name]) !== JSON.stringify(state[name]),
  );
  if (!changed.length) return;
  const url = urlWith(patch);
  Object.assign(state, patch);
  if (replace) history.replaceState(null, "", url);
  else history.pushState(null, "", url);
  notify(changed);
}

/** Call a function with the set of changed names after each change. */
export function subscribe(listener) {
  listeners.push(listener);
}

addEventListener("popstate", () => {
  const next = read();
  const changed = Object.keys(next).filter(
    (name) => JSON.stringify(next[name]) !== JSON.stringify(state[name]),
  );
  Object.assign(state, next);
  notify(changed);
});

function notify(changed) {
  const names = new Set(changed);
  for (const listener of listeners) listener(names);
}

/** The source that the server is asked for; null where none is chosen. */
export function source() {
  const { place, key, upload, member } = state;
  if (upload) return { place: "", key: "", upload, member }; // the place is only browsed
  return key ? { place, key, upload, member } : null;
}

/** What is to be done first, so that a goal such as "to see it" is reached; empty where nothing is. */
export function firstNeed(goal) {
  if (source() === null) return `Choose a source ${goal}.`;
  return state.pipeline.trim() ? "" : `Write a pipeline ${goal}.`;
}

/** The body of a question about the source and the pipeline. */
export function asked() {
  const { pipeline, off, seed } = state;
  return { source: source(), pipeline, off, seed, boxes: boxes(), mask: mask() };
}

function boxes() {
  const rows = state.boxes.split(";").map((row) => row.split(",").map(Number));
  return rows.filter((row) => row.length === 4 && row.every(Number.isFinite));
}

function mask() {
  return state.mask ? { upload: state.mask } : null;
}
