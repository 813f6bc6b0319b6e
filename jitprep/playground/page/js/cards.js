// The list "Steps": a card for each step of the text, in order.

import { Card } from "./card.js";
import { element, say } from "./ui.js";

/** The list "Steps", of a draft. */
export class Cards {
  #cards = [];
  #dragged = null;
  #focusNext = null;

  constructor(draft, catalogue) {
    Object.assign(this, { draft, catalogue });
    this.element = element("ol", {
      class: "cards",
      "aria-label": "Steps",
      ondragover: (event) => this.#ondragover(event),
      ondrop: (event) => this.#ondrop(event),
    });
    this.acts = {
      use: (index, used) => draft.use(index, used),
      move: (index, by) => this.#move(index, index + by),
      remove: (index) => this.#remove(index),
      rewrite: (index, line, given, moving) => draft.rewrite(index, line, given, { replace: moving }),
    };
    draft.subscribe(() => this.#show());
  }

  /** Add a step: before the encoding, or in its place. */
  async add(step, line) {
    const order = this.draft.cards.map((_, index) => index);
    const last = this.#step(this.draft.cards.at(-1));
    if (last?.role === "encoding" && step.role === "encoding") order.pop();
    const at = last?.role === "encoding" && step.role !== "encoding" ? order.length - 1 : order.length;
    this.#focusNext = at;
    await this.draft.arrange(order, { added: line, at });
    say(`added ${step.name}`);
  }

  #show() {
    const { cards, off, answer, current } = this.draft;
    if (!current) return; // the text is being typed, and cards of other text would mislead
    const old = [...this.#cards];
    const focused = document.activeElement;
    this.#cards = cards.map((card) => this.#reuse(old, card) ?? this.#make(card));
    for (const card of old) card.element.remove();
    const span = answer.ok ? null : answer.error?.span;
    cards.forEach((data, index) => {
      const wrong = Boolean(span && data.span && span[0] >= data.span[0] && span[0] <= data.span[1]);
      const how = { index, count: this.#movable(cards), off: off.includes(index), wrong };
      this.#cards[index].show(data, how);
      const card = this.#cards[index].element;
      const there = this.element.children[index];
      if (there !== card) this.element.insertBefore(card, there);
    });
    if (document.activeElement !== focused && focused?.isConnected) focused.focus();
    if (this.#focusNext !== null) {
      this.#cards[Math.min(this.#focusNext, this.#cards.length - 1)]?.focus();
      this.#focusNext = null;
    }
  }

  /** Take the card of this step from those that are shown: the same line first, then the same name. */
  #reuse(old, { line, name }) {
    const same = old.findIndex((card) => card.line === line);
    const at = same >= 0 ? same : old.findIndex((card) => card.name === name);
    return at < 0 ? null : old.splice(at, 1)[0];
  }

  #make({ name }) {
    const card = new Card(name, this.catalogue.byName.get(name), this.acts);
    card.element.addEventListener("dragstart", (event) => this.#ondragstart(event, card));
    card.element.addEventListener("dragend", () => this.#undrag());
    // A drag that begins in a control is the control's: a slider, or text that is selected.
    card.element.addEventListener("pointerdown", (event) => {
      card.element.draggable = !event.target.closest("input, select, summary, .card-docs");
    });
    return card;
  }

  /** How many cards can change places: an encoding stays the last. */
  #movable(cards) {
    return cards.length - (this.#step(cards.at(-1))?.role === "encoding" ? 1 : 0);
  }

  #step(card) {
    return card ? this.catalogue.byName.get(card.name) : undefined;
  }

  async #move(from, to) {
    if (to < 0 || to >= this.#movable(this.draft.cards) || from === to) return;
    const order = this.draft.cards.map((_, index) => index);
    const [moved] = order.splice(from, 1);
    order.splice(to, 0, moved);
    await this.draft.arrange(order);
    say(`${this.draft.cards[to]?.name ?? "step"} is now step ${to + 1}`);
  }

  async #remove(index) {
    const { name } = this.draft.cards[index];
    const order = this.draft.cards.map((_, place) => place).filter((place) => place !== index);
    await this.draft.arrange(order);
    const next = this.#cards[Math.min(index, this.#cards.length - 1)];
    (next?.title ?? document.getElementById("add-step")).focus();
    say(`removed ${name}`);
  }

  #ondragstart(event, card) {
    this.#dragged = card;
    card.element.classList.add("dragged");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.line);
  }

  #ondragover(event) {
    if (!this.#dragged) return;
    event.preventDefault();
    const from = this.#cards.indexOf(this.#dragged);
    const to = this.#placeAt(event.clientY);
    this.#cards.forEach((card, index) => {
      card.element.classList.toggle("drop-before", index === to && to < from);
      card.element.classList.toggle("drop-after", index === to && to > from);
    });
  }

  #ondrop(event) {
    if (!this.#dragged) return;
    event.preventDefault();
    const from = this.#cards.indexOf(this.#dragged);
    const to = this.#placeAt(event.clientY);
    this.#undrag();
    if (from < this.#movable(this.draft.cards)) this.#move(from, to);
  }

  /** The place of the card that something is dropped on, which it takes. */
  #placeAt(y) {
    const most = this.#movable(this.draft.cards) - 1;
    const under = this.#cards.findIndex((card) => y < card.element.getBoundingClientRect().bottom);
    return Math.min(under < 0 ? most : under, most);
  }

  #undrag() {
    this.#dragged = null;
    for (const { element: card } of this.#cards) {
      card.classList.remove("dragged", "drop-before", "drop-after");
    }
  }
}
