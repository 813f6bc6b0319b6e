// One step as a card: whether it is used, its place, its arguments, and what it is.

import { argumentControl } from "./argument_control.js";
import { paragraphs, prose } from "./prose.js";
import { showValue, writeStep } from "./spelling.js";
import { element } from "./ui.js";

// Where a value is typed or chosen: beside a slider, its field.
const FIELD = 'input:not([type="range"]), select';

let made = 0;

/** A card. `acts` has `use`, `move`, `remove` and `rewrite`, which take the card's place first. */
export class Card {
  #controls = [];
  #arguments = null;
  #index = 0;

  constructor(name, step, acts) {
    made += 1;
    Object.assign(this, { name, step, acts });
    this.use = element("input", {
      type: "checkbox",
      "aria-label": `Use ${name}`,
      title: "Clear it to see the result without this step",
      onchange: () => acts.use(this.#index, this.use.checked),
    });
    this.up = this.#button("Move", "up", "↑", () => acts.move(this.#index, -1));
    this.down = this.#button("Move", "down", "↓", () => acts.move(this.#index, 1));
    this.remove = this.#button("Remove", "", "✕", () => acts.remove(this.#index));
    this.result = element("p", { class: "card-result muted small" });
    this.body = element("div", { class: "card-body" });
    this.element = element(
      "li",
      { class: "card", draggable: true, onkeydown: (event) => this.#onkeydown(event) },
      this.#head(),
      this.body,
      this.result,
    );
    this.#build();
  }

  /** Show a card of the server's answer. */
  show(card, { index, count, off, wrong }) {
    this.#index = index;
    this.line = card.line;
    const last = count - 1;
    this.element.setAttribute("aria-label", card.line);
    const implied = Boolean(card.span) && card.span[0] === card.span[1];
    this.implied.hidden = !implied;
    this.element.classList.toggle("off", off);
    this.element.classList.toggle("wrong", wrong);
    this.use.checked = !off;
    const encoding = card.role === "encoding" || this.step?.role === "encoding";
    disable(this.up, index === 0 || encoding);
    disable(this.down, index === last || encoding);
    this.remove.hidden = implied;
    this.use.disabled = implied;
    this.result.textContent = card.result ? `→ ${card.result}` : "";
    this.result.hidden = !card.result;
    this.#arguments = card.arguments ?? null;
    this.body.hidden = !card.arguments;
    if (card.arguments) for (const control of this.#controls) control.show(card.arguments);
  }

  /** Put the focus where a person goes on: on the first argument. */
  focus() {
    const first = this.body.querySelector(FIELD) ?? this.title;
    first.focus();
    first.select?.();
  }

  #head() {
    const docs = this.#docs();
    this.title = element(
      "button",
      {
        type: "button",
        class: "card-name mono",
        "aria-expanded": "false",
        "aria-controls": docs.id,
        "aria-describedby": this.step ? `${docs.id}-tip` : null,
        onclick: () => this.#toggle(docs),
      },
      ...breakable(this.name),
    );
    const summary = this.step?.summary ?? "";
    const tip = element("span", { role: "tooltip", id: `${docs.id}-tip`, class: "tip" }, prose(summary));
    const grip = element("span", { class: "grip", "aria-hidden": "true", title: "Drag to reorder" }, "⠿");
    const buttons = element("span", { class: "card-buttons" }, this.up, this.down, this.remove);
    const named = element("span", { class: "card-title" }, this.title, this.step ? tip : null);
    const marks = this.step?.random ? element("span", { class: "mark" }, "random") : null;
    const why = "Not in the text: the steps imply it. Change it to write it.";
    this.implied = element("span", { class: "mark", hidden: true, title: why }, "implied");
    const parts = [grip, this.use, named, marks, this.implied, buttons];
    const head = element("div", { class: "card-head" }, parts);
    return [head, docs];
  }

  #docs() {
    const docs = element("div", { id: `card-${made}-docs`, class: "card-docs small", hidden: true });
    const { step } = this;
    if (!step) return docs;
    const rows = step.arguments.flatMap(({ name, expects, about, required, default: preset }) => [
      element("dt", { class: "mono" }, name),
      element("dd", {}, prose(about ? `${about} ` : ""),
        `Takes ${expects}${required ? "" : `; ${showValue(preset) || "nothing"} if left out`}.`),
    ]);
    docs.append(...paragraphs(step.summary), ...paragraphs(step.about ?? ""));
    if (rows.length) docs.append(element("dl", {}, rows));
    return docs;
  }

  #toggle(docs) {
    docs.hidden = !docs.hidden;
    this.title.setAttribute("aria-expanded", String(!docs.hidden));
  }

  /** Required arguments, then the others behind a summary. */
  #build() {
    const known = this.step?.arguments ?? [];
    this.#controls = known.map((argument) => argumentControl(argument, (value, moving) => {
      const given = { ...this.#arguments };
      if (value === undefined) delete given[argument.name];
      else given[argument.name] = value;
      this.acts.rewrite(this.#index, writeStep(this.step, this.name, given), given, moving);
    }));
    const rows = this.#controls.map((control) => control.element);
    const shown = rows.filter((_, index) => known.length < 4 || known[index].required);
    const rest = rows.filter((row) => !shown.includes(row));
    const count = rest.length === 1 ? "1 more argument" : `${rest.length} more arguments`;
    const more = element("details", { class: "small" }, element("summary", { class: "muted" }, count), rest);
    this.body.append(...shown, ...(rest.length ? [more] : []));
  }

  #button(verb, way, sign, onclick) {
    const label = [verb, this.name, way].filter(Boolean).join(" ");
    const named = { "aria-label": label, title: label };
    return element("button", { type: "button", class: "icon", ...named, onclick }, sign);
  }

  #onkeydown(event) {
    if (event.key === "Escape") this.element.classList.add("no-tip");
    if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
    event.preventDefault();
    const button = event.key === "ArrowUp" ? this.up : this.down;
    if (button.getAttribute("aria-disabled") !== "true") button.click();
  }
}

/** Switch a button off without taking the focus from it. */
function disable(button, off) {
  button.setAttribute("aria-disabled", String(off));
}

/** A name that breaks behind its underscores, where it has to. */
function breakable(name) {
  return name.split(/(?<=_)/).flatMap((part, at) => (at ? [element("wbr"), part] : [part]));
}
