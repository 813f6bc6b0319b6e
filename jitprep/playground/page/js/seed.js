// The seed: the epoch of a read, from which random steps draw.

import { change, state, subscribe } from "./state.js";
import { element } from "./ui.js";

const SLIDER_MOST = 99;

/** A slider and a number field. Shown beside draws, and beside a result that is random. */
export class SeedControl {
  #random = false;
  #tab = "result";
  #slider = element("input", { type: "range", id: "seed", min: 0, max: SLIDER_MOST, value: 0 });
  #number = element("input", { type: "number", min: 0, value: 0, "aria-label": "Seed as a number" });
  root = element(
    "div",
    { class: "seed", hidden: true },
    element("label", { for: "seed" }, "Seed"),
    this.#slider,
    this.#number,
    element("span", { class: "muted" }, "the reader's epoch"),
  );

  constructor() {
    this.#slider.addEventListener("input", () => pin(this.#slider.valueAsNumber));
    this.#number.addEventListener("input", () => pin(this.#number.valueAsNumber));
    subscribe((changed) => changed.has("seed") && this.#paint());
    this.#paint();
  }

  /** Whether the result is random. */
  get random() {
    return this.#random;
  }

  set random(value) {
    this.#random = value;
    this.showOn(this.#tab);
  }

  /** Show or hide it for a tab. */
  showOn(tab) {
    this.#tab = tab;
    this.root.hidden = !(tab === "draws" || (this.#random && ["result", "stages", "sheet"].includes(tab)));
  }

  #paint() {
    this.#slider.max = Math.max(SLIDER_MOST, state.seed);
    this.#slider.value = state.seed;
    if (this.#number.valueAsNumber !== state.seed) this.#number.value = state.seed;
  }
}

function pin(seed) {
  if (Number.isSafeInteger(seed) && seed >= 0) change({ seed }, { replace: true });
}
