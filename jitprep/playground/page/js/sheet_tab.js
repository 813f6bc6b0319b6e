// A contact sheet: many objects of a place through the pipeline, failures first.

import { get, rows } from "./api.js";
import { change, state } from "./state.js";
import { element, paused, say } from "./ui.js";
import { sheetCell, sorted, SORTS } from "./sheet_cells.js";
import { Work, failure } from "./work.js";

const MOST = 200;
const SETTLE_MS = 200; // between two arrangements of cells while they arrive

/** Build the tab of many objects. */
export function buildSheetTab(container, session) {
  const sheet = new Sheet(session);
  container.append(sheet.root);
  return { show: () => sheet.show() };
}

class Sheet {
  #rows = [];
  #cells = new Map();
  #shown = "";
  #arranged = 0;
  #place;
  #folder = element("input", { type: "text", id: "sheet-folder", autocomplete: "off" });
  #folders = element("datalist", { id: "sheet-folders" });
  #search = element("input", { type: "search", id: "sheet-search", autocomplete: "off" });
  #sort = element("select", { id: "sheet-sort", onchange: () => this.#arrange() });
  #summary = element("p", { class: "summary", role: "status" });
  #messages = element("div");
  #grid = element("ul", { class: "sheet", "aria-label": "Contact sheet" });
  #work;
  root;

  constructor(session) {
    const places = session.places.map(({ name }) => element("option", { value: name }, name));
    const pick = () => change({ place: this.#place.value, prefix: "", search: "" });
    this.#place = element("select", { id: "sheet-place", onchange: pick }, places);
    this.#folder.setAttribute("list", "sheet-folders");
    this.#folder.addEventListener("change", () => change({ prefix: this.#folder.value }));
    const search = paused(300, () => change({ search: this.#search.value }, { replace: true }));
    this.#search.addEventListener("input", search);
    this.#sort.append(...Object.entries(SORTS).map(([name, { label }]) =>
      element("option", { value: name }, label)));
    this.#work = new Work({
      run: (signal, progress) => this.#run(signal, progress),
      done: () => this.#finish(),
      failed: (error) => this.#fail(error),
    });
    this.root = element(
      "div",
      { class: "many" },
      element(
        "div",
        { class: "form" },
        session.places.length > 1 ? field("Objects of", this.#place) : null,
        field("Folder", this.#folder),
        field("Name contains", this.#search),
        field("Sort by", this.#sort),
      ),
      this.#folders,
      element("div", { class: "tools" }, this.#summary, this.#work.root),
      this.#messages,
      this.#grid,
    );
    this.none = !session.places.length;
  }

  show() {
    if (this.none) {
      const text = "There is no place to pick objects from: start the page with a folder or a bucket.";
      this.#messages.replaceChildren(element("p", { class: "hint" }, text));
      return;
    }
    if (state.place) this.#place.value = state.place;
    if (document.activeElement !== this.#folder) this.#folder.value = state.prefix;
    if (document.activeElement !== this.#search) this.#search.value = state.search ?? "";
    const asked = JSON.stringify(this.#asked());
    if (asked === this.#shown) return;
    this.#shown = asked;
    this.#suggest();
    if (state.pipeline.trim()) this.#work.start();
    else this.#hint();
  }

  /** What to do where there is no pipeline. */
  #hint() {
    this.#work.cancel();
    this.#rows = [];
    this.#grid.replaceChildren();
    this.#summary.textContent = "";
    const text = "Write a pipeline to see what it makes of each object.";
    this.#messages.replaceChildren(element("p", { class: "hint" }, text));
  }

  #asked() {
    const { prefix, search, pipeline, off, seed } = state;
    return { place: this.#place.value, prefix, search: search ?? "", pipeline, off, seed, most: MOST };
  }

  async #run(signal, progress) {
    this.#rows = [];
    this.#cells.clear();
    this.#grid.replaceChildren();
    this.#messages.replaceChildren();
    this.#summary.textContent = "";
    let total = 0;
    let end = { cut: false };
    await rows("sheet", this.#asked(), (row) => {
      if (signal.aborted) return;
      if ("total" in row) total = row.total;
      else if (row.done) end = row;
      else this.#take(row);
      progress(this.#rows.length, total);
    }, { signal });
    if (end.cut) {
      const text = `These are the first ${this.#rows.length}; choose a folder or a name to see others.`;
      this.#messages.replaceChildren(element("p", { class: "muted" }, text));
    }
  }

  #take(row) {
    this.#rows.push(row);
    if (performance.now() - this.#arranged > SETTLE_MS) this.#arrange();
  }

  #arrange() {
    this.#arranged = performance.now();
    const cells = sorted(this.#rows, this.#sort.value).map((row) => {
      if (!this.#cells.has(row)) this.#cells.set(row, sheetCell(row, () => this.#open(row)));
      return this.#cells.get(row);
    });
    this.#grid.replaceChildren(...cells);
  }

  #open({ key }) {
    change({ place: this.#place.value, key, upload: "", member: "", tab: "", boxes: "", mask: "" });
  }

  #finish() {
    this.#arrange();
    this.#summary.textContent = counted(this.#rows);
    say(this.#summary.textContent);
  }

  #fail(error) {
    this.#arrange();
    this.#shown = error.name === "AbortError" ? this.#shown : "";
    this.#summary.textContent = this.#rows.length ? counted(this.#rows) : "";
    this.#messages.replaceChildren(failure(error, () => this.#work.start()));
  }

  async #suggest() {
    try {
      const query = { place: this.#place.value, prefix: state.prefix };
      const { prefixes } = await get("objects", query);
      this.#folders.replaceChildren(...prefixes.map((value) => element("option", { value })));
    } catch {
      this.#folders.replaceChildren(); // what fails here fails in the sheet, too, and is said there
    }
  }
}

function field(label, control) {
  return element("div", { class: "field" }, element("label", { for: control.id }, label), control);
}

function counted(list) {
  const failed = list.filter((row) => row.error).length;
  const objects = `${list.length} object${list.length === 1 ? "" : "s"}`;
  return failed ? `${objects}, ${failed} failed` : `${objects}, none failed`;
}
