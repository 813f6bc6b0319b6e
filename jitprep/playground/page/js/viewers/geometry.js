// Boxes and a mask of the source, given by hand: a list with number fields, and a file.

import { upload } from "../api.js";
import { change, state } from "../state.js";
import { element, errorBox, say } from "../ui.js";
import { COLOURS } from "./marks.js";

const SIDES = ["Left", "Top", "Right", "Bottom"];

/** Boxes as the state has them, as lists of 4 numbers. */
export function boxesOf(text) {
  const rows = text.split(";").map((row) => row.split(",").map(Number));
  return rows.filter((row) => row.length === 4 && row.every(Number.isFinite));
}

/** Boxes as the state has them. */
export function boxText(boxes) {
  return boxes.map((box) => box.map((side) => Math.round(side * 100) / 100).join(",")).join(";");
}

/** The list of boxes. `add` is the button that adds one in the middle. */
export class BoxList {
  #frame = null;
  #fresh = false; // whether a box was added whose fields are to be focused
  #why = element("p", { class: "muted" });
  #list = element("ol", { class: "boxes", "aria-label": "Boxes" });
  root = element("div", {}, this.#why, this.#list);
  add = element("button", { type: "button", onclick: () => this.#add() }, "Add box");

  /** Show the boxes, and what became of each; or why nothing could. */
  show(geometry, frame, why) {
    this.#why.textContent = state.boxes || state.mask ? why ?? "" : "";
    this.#frame = frame;
    this.add.hidden = !frame;
    const boxes = boxesOf(state.boxes);
    this.root.hidden = !boxes.length && !this.#why.textContent;
    while (this.#list.children.length > boxes.length) this.#list.lastChild.remove();
    boxes.forEach((box, place) => {
      const row = this.#list.children[place] ?? this.#list.appendChild(this.#row(place));
      this.#fill(row, box, geometry?.boxes[place] ?? null, geometry);
    });
    if (this.#fresh) this.#list.lastChild?.querySelector("input").focus();
    this.#fresh = false;
  }

  #row(place) {
    const fields = SIDES.map((side, at) =>
      element("label", {}, side, element("input", {
        type: "number",
        step: "any",
        oninput: (event) => this.#set(place, at, event.target.valueAsNumber),
      })),
    );
    const remove = element("button", { type: "button", onclick: () => this.#remove(place) });
    remove.textContent = "Remove";
    remove.setAttribute("aria-label", `Remove box ${place + 1}`);
    const swatch = element("span", { class: "swatch" });
    swatch.style.backgroundColor = COLOURS[place % COLOURS.length];
    return element("li", {}, swatch, fields, remove, element("span", { class: "muted" }));
  }

  #fill(row, box, became, geometry) {
    row.querySelectorAll("input").forEach((input, at) => {
      if (input !== document.activeElement) input.value = box[at];
    });
    let words = geometry ? "outside of the result" : "";
    if (became?.after) words = `→ ${became.after.map((side) => Math.round(side * 10) / 10).join(", ")}`;
    if (became?.after && became.degenerate) words += " (degenerate)";
    row.lastChild.textContent = words;
  }

  #set(place, at, value) {
    if (!Number.isFinite(value)) return;
    const boxes = boxesOf(state.boxes);
    boxes[place][at] = value;
    change({ boxes: boxText(boxes) }, { replace: true });
  }

  #add() {
    const { width, height } = this.#frame;
    const box = [width / 4, height / 4, (3 * width) / 4, (3 * height) / 4].map(Math.round);
    change({ boxes: boxText([...boxesOf(state.boxes), box]) });
    // Its fields are there once the result is.
    this.#fresh = true;
  }

  #remove(place) {
    change({ boxes: boxText(boxesOf(state.boxes).filter((_, at) => at !== place)) });
    this.add.focus();
  }
}

const WHY_A_MASK = "Choose a mask of the source, to see it moved with the picture";

/** A file with a mask of the source, and how strongly it is drawn. */
export class MaskControl {
  #file = element("input", {
    type: "file",
    class: "unseen",
    accept: "image/*",
    onchange: () => this.#send(),
  });
  #slider = element("input", { type: "range", min: 0, max: 1, step: 0.05, value: 1 });
  #remove = element("button", { type: "button", onclick: () => change({ mask: "" }) }, "Remove mask");
  #strength = element("label", {}, "Mask opacity ", this.#slider);
  #error = element("span");
  root;

  constructor(changed) {
    this.#slider.addEventListener("input", () => changed(this.#slider.valueAsNumber));
    const label = element("label", { class: "file", title: WHY_A_MASK }, "Mask", this.#file);
    this.root = element("span", { class: "mask" }, label, this.#strength, this.#remove, this.#error);
  }

  /** Show what the state has. */
  show() {
    this.#strength.hidden = this.#remove.hidden = !state.mask;
    if (!state.mask) this.#file.value = "";
  }

  async #send() {
    const [file] = this.#file.files;
    if (!file) return;
    this.#error.replaceChildren();
    try {
      const sent = await upload(file, (share) => say(`sending ${Math.round(share * 100)} %`));
      change({ mask: sent.upload });
    } catch (error) {
      this.#error.replaceChildren(errorBox(error));
    }
  }
}
