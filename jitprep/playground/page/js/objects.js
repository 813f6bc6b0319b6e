// Objects of a place: its folders, a search, and the list "Objects" with thumbnails.

import { get } from "./api.js";
import { change, state, subscribe } from "./state.js";
import { Thumbnails } from "./thumbnails.js";
import { bytes, element, errorBox, paused } from "./ui.js";

const TYPING_MS = 250;

/** Place, search and list. Nothing where no place was given. */
export function objects({ places }) {
  if (!places.length) {
    return element("p", { class: "muted small" },
      "Give the command a bucket or a folder to pick its objects here.");
  }
  const list = new ObjectList();
  const place = element("select", {
    id: "place",
    onchange: () => change({ place: place.value, prefix: "", search: "", key: "", member: "" }),
  }, places.map(({ name, url }) => element("option", { value: name, title: url }, name)));
  const type = paused(TYPING_MS, () => change({ search: search.value.trim() }, { replace: true }));
  const search = element("input", { type: "search", id: "search", autocomplete: "off", oninput: type });
  const path = element("nav", { class: "path small", "aria-label": "Folder" });
  const show = (changed) => {
    place.value = state.place;
    place.title = places.find(({ name }) => name === state.place)?.url ?? "";
    if (document.activeElement !== search) search.value = state.search;
    path.replaceChildren(...crumbs());
    if (["place", "prefix", "search"].some((name) => changed.has(name))) list.load();
    if (changed.has("key") || changed.has("upload")) list.mark();
  };
  subscribe(show);
  show(new Set(["place"]));
  return element("div", { class: "stack browser" },
    element("div", { class: "field" }, element("label", { htmlFor: "place" }, "Place"), place),
    element("div", { class: "field" }, element("label", { htmlFor: "search" }, "Search"), search),
    path,
    list.element);
}

/** The folders above the list, each a button that leads there. */
function crumbs() {
  const parts = state.prefix.split("/").slice(0, -1);
  const below = parts.map((part, at) => [part, `${parts.slice(0, at + 1).join("/")}/`]);
  const steps = [[state.place, ""], ...below];
  return steps.flatMap(([name, prefix], at) => {
    const last = at === steps.length - 1;
    const current = last ? "page" : null;
    const go = () => change({ prefix, search: "" });
    const button = element("button", { type: "button", class: "plain ellipsis", onclick: go }, name);
    if (current) button.setAttribute("aria-current", current);
    return last ? [button] : [button, element("span", { class: "muted", "aria-hidden": "true" }, "/")];
  });
}

/** The list "Objects", in pages. */
class ObjectList {
  #loading = null;
  #thumbs = new Thumbnails();

  constructor() {
    this.list = element("ul", { class: "objects", "aria-label": "Objects" });
    this.foot = element("div", { class: "small muted" });
    // Each object is a stop of the Tab key: there may be hundreds.
    const skip = element("a", { class: "skip", href: "#pipeline" }, "Skip to the pipeline");
    this.element = element("div", { class: "objects-box" }, skip, this.list, this.foot);
  }

  /** Show the first page of the folder. */
  load() {
    this.#thumbs.clear();
    this.#page("");
  }

  /** Mark the object that is looked at. */
  mark() {
    for (const button of this.list.querySelectorAll("button")) {
      const chosen = !state.upload && button.dataset.key === state.key;
      button.toggleAttribute("data-chosen", chosen);
      if (!chosen) button.removeAttribute("aria-current");
      else if (!button.hasAttribute("aria-current")) {
        button.setAttribute("aria-current", "true");
        this.#reveal(button);
      }
    }
  }

  /** Scroll the list alone to an object: the page stays where it is. */
  #reveal(button) {
    const [list, row] = [this.list.getBoundingClientRect(), button.getBoundingClientRect()];
    if (row.top < list.top) this.list.scrollTop -= list.top - row.top;
    if (row.bottom > list.bottom) this.list.scrollTop += row.bottom - list.bottom;
  }

  async #page(after) {
    this.#loading?.abort();
    const { signal } = (this.#loading = new AbortController());
    const { place, prefix, search } = state;
    this.foot.replaceChildren("listing…");
    try {
      const found = await get("objects", { place, prefix, search, after }, { signal });
      if (signal.aborted) return;
      const items = [
        ...found.prefixes.map((name) => folder(name, prefix)),
        ...found.keys.map((object) => this.#item(object, place, prefix)),
      ];
      if (after) this.list.append(...items);
      else this.list.replaceChildren(...items);
      this.mark();
      this.#end(found);
    } catch (error) {
      if (error.name === "AbortError") return;
      if (!after) this.list.replaceChildren();
      this.foot.replaceChildren(errorBox(error));
    }
  }

  #end({ after, scanned }) {
    const count = this.list.children.length;
    const searched = state.search ? `, ${scanned} searched` : "";
    const said = element("span", {}, `${count === 1 ? "1 entry" : `${count} entries`}${searched}`);
    const next = async () => {
      const at = this.list.children.length;
      await this.#page(after);
      this.list.children[at]?.querySelector("button").focus(); // the button that was pressed is gone
    };
    const more = element("button", { type: "button", onclick: next }, "More objects");
    this.foot.replaceChildren(element("div", { class: "row" }, said, ...(after ? [more] : [])));
  }

  #item({ key, nbytes }, place, prefix) {
    const name = key.startsWith(prefix) ? key.slice(prefix.length) : key;
    const thumb = this.#thumbs.of({ place, key, upload: "", member: "" });
    const choose = () => change({ place, key, upload: "", member: "", mask: "", boxes: "" });
    const size = element("span", { class: "muted small size" }, bytes(nbytes));
    return entry(thumb, name || key, size, key, choose);
  }
}

function folder(name, prefix) {
  const sign = element("span", { class: "thumb folder", "aria-hidden": "true" });
  const go = () => change({ prefix: name });
  return entry(sign, name.slice(prefix.length) || name, null, name, go);
}

function entry(sign, name, size, key, onclick) {
  const label = element("bdi", { class: "ellipsis" }, name);
  const properties = { type: "button", class: "object", title: key, onclick };
  const button = element("button", properties, sign, label, size);
  button.dataset.key = key;
  button.setAttribute("aria-label", name);
  return element("li", {}, button);
}
