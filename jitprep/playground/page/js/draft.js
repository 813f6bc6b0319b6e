// The pipeline while it is edited: its text, and what the server says of that text.

import { post } from "./api.js";
import { change, state, subscribe } from "./state.js";
import { isDocument, moveOff } from "./spelling.js";

const PAUSE_MS = 150;

/**
 * The pipeline while it is edited.
 *
 * `text` is what the text box shows, `off` the steps that are left out, and `answer` what the server said
 * of them last. Once a text is right, it becomes the page's state; the result stays until then.
 */
export class Draft {
  #listeners = [];
  #timer;
  #asking = null;

  constructor(presets) {
    this.presets = presets;
    this.text = state.pipeline;
    this.off = state.off;
    this.answer = null;
    this.failure = null;
    subscribe((changed) => {
      if (!changed.has("pipeline") && !changed.has("off")) return;
      if (state.pipeline === this.text && String(state.off) === String(this.off)) return;
      this.text = state.pipeline;
      this.off = state.off;
      this.#ask({ replace: true });
    });
  }

  /** Call a function whenever the text or the answer changed. */
  subscribe(listener) {
    this.#listeners.push(listener);
  }

  /** Cards of the last answer; none while the text is a document, which has an error in it. */
  get cards() {
    return this.document ? [] : (this.answer?.cards ?? []);
  }

  /** Whether the text is a document that is not a line yet. */
  get document() {
    return isDocument(this.text);
  }

  /** Whether the answer is of this very text. */
  get current() {
    return this.answer?.text === this.text;
  }

  /** Ask about the text that the page was opened with. */
  begin() {
    this.#ask({ replace: true });
  }

  /** The text while it is typed: the server is asked after a pause. */
  type(text) {
    this.text = text;
    this.#notify();
    this.#later(PAUSE_MS, { replace: true, typed: true });
  }

  /** A whole new text, as a preset is. */
  set(text, { off = [], replace = false } = {}) {
    this.text = text;
    this.off = off;
    return this.#ask({ replace });
  }

  /** Ask now, not after the pause. */
  flush() {
    return this.#ask({ replace: false, typed: true });
  }

  /** Leave a step out, or take it in again. */
  use(index, used) {
    const rest = this.off.filter((place) => place !== index);
    this.off = used ? rest : [...rest, index].sort((a, b) => a - b);
    return this.#ask({ replace: false });
  }

  /** Rewrite one step's part of the text. While a slider moves, `replace` keeps the history short. */
  async rewrite(index, line, given, { replace = false } = {}) {
    if (!this.current) await this.#settle();
    const card = this.cards[index];
    if (!card) return;
    this.#splice(index, line);
    Object.assign(card, { line, arguments: given });
    this.#notify();
    if (replace) this.#later(20, { replace: true });
    else await this.#ask({ replace: false });
  }

  /** Put the steps in another order, or leave some out: places of the cards, in their new order. */
  async arrange(order, { added = null, at = 0 } = {}) {
    if (!this.current) await this.#settle();
    if (this.document) return;
    const lines = order.map((index) => this.#written(this.cards[index]));
    const off = new Set(this.off);
    const isOff = order.map((index) => off.has(index));
    if (added !== null) {
      lines.splice(at, 0, added);
      isOff.splice(at, 0, false);
    }
    this.text = this.#words() + lines.filter(Boolean).join("/");
    this.off = isOff.flatMap((left, place) => (left ? [place] : []));
    await this.#ask({ replace: false });
  }

  /** Write or leave out a word before the steps. */
  async word(found, wanted) {
    if (!this.current) await this.#settle();
    const words = this.words.filter((word) => word !== found);
    if (wanted) words.push(wanted);
    const order = (word) => (word.split(":")[0] === "tar" ? 0 : word === "exact" ? 1 : 2);
    words.sort((left, right) => order(left) - order(right));
    const lines = this.cards.map((card) => this.#written(card)).filter(Boolean);
    this.text = [...words, ...lines].join("/");
    await this.#ask({ replace: false });
  }

  /** Words before the steps, as they are written. */
  get words() {
    return this.#words().split("/").filter(Boolean);
  }

  #words() {
    const written = this.cards.find((card) => card.span);
    return this.answer ? this.text.slice(0, written ? written.span[0] : 0) : "";
  }

  /** A step as it is in the text; empty for an encoding that is implied. */
  #written({ span }) {
    return span ? this.text.slice(...span) : "";
  }

  #splice(index, line) {
    const { span } = this.cards[index];
    if (!span || span[0] === span[1]) {
      this.text += `${this.text && !this.text.endsWith("/") ? "/" : ""}${line}`; // it was implied
    } else {
      const [start, end] = span;
      this.text = this.text.slice(0, start) + line + this.text.slice(end);
      const added = line.length - (end - start);
      span[1] += added;
      for (const card of this.cards.slice(index + 1)) {
        if (card.span) card.span = card.span.map((place) => place + added);
      }
    }
    this.answer.text = this.text;
  }

  async #settle() {
    await this.#ask({ replace: true, typed: true });
  }

  #later(pause, how) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(how), pause);
  }

  #ask(how) {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    this.#asking = new AbortController();
    return this.#answer(how, this.#asking.signal);
  }

  async #answer(how, signal) {
    this.text = this.#preset() ?? this.text;
    const { text } = this;
    this.#notify();
    if (!text.trim()) return this.#take({ ok: true, text, cards: [] }, how);
    try {
      const answer = await post("pipeline", { pipeline: text, off: this.off }, { signal });
      if (signal.aborted) return undefined;
      if (answer.ok && isDocument(text)) {
        this.text = answer.line;
        return this.#ask(how);
      }
      if (how.typed && this.answer) {
        const off = moveOff(this.off, this.cards.map(written), answer.cards.map(written));
        if (String(off) !== String(this.off)) {
          this.off = off;
          return this.#ask({ ...how, typed: false });
        }
      }
      return this.#take(answer, how);
    } catch (error) {
      if (error.name === "AbortError") return undefined;
      this.failure = error;
      return this.#notify();
    }
  }

  #take(answer, how) {
    keepArguments(this.cards, answer.cards);
    this.answer = answer;
    this.failure = null;
    if (answer.ok) change({ pipeline: this.text, off: this.off }, how);
    this.#notify();
  }

  /** The pipeline of a preset, where the text is its name. */
  #preset() {
    return this.presets.find((preset) => preset.name === this.text.trim())?.pipeline;
  }

  #notify() {
    for (const listener of this.#listeners) listener();
  }
}

function written(card) {
  return card.line;
}

/** A text with an error has no arguments; a step that was not touched has those of before. */
function keepArguments(before, after) {
  for (const [index, card] of after.entries()) {
    const old = before[index];
    if (!card.arguments && old?.line === card.line) card.arguments = old.arguments;
  }
}
