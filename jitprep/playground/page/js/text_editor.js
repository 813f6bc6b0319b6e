// The pipeline as text: a text box that completes, with errors underlined at the very word.

import { complete } from "./completion.js";
import { firstValue } from "./first_values.js";
import { showValue } from "./spelling.js";
import { element } from "./ui.js";

const KEYS = "↑ ↓ choose, Enter takes, Esc closes";

/**
 * The text box "Pipeline". A layer behind it repeats the text, to underline a part and to find the place
 * of a character on the screen.
 */
export class TextEditor {
  #options = [];
  #active = -1;
  #found = null;

  constructor({ catalogue, presets, describedBy, typed, chosen }) {
    Object.assign(this, { catalogue, presets, typed, chosen });
    this.input = element("textarea", {
      id: "pipeline-text",
      "aria-label": "Pipeline",
      "aria-describedby": describedBy,
      "aria-autocomplete": "list",
      "aria-controls": "pipeline-options",
      rows: 1,
      spellcheck: false,
      autocapitalize: "off",
      autocomplete: "off",
      placeholder: "resize:256/png",
      oninput: () => this.#oninput(),
      onkeydown: (event) => this.#onkeydown(event),
      onblur: () => this.close(),
      onclick: () => this.close(),
      onscroll: () => this.#scroll(),
    });
    this.mirror = element("div", { class: "mirror", "aria-hidden": "true" });
    this.list = element("ul", {
      id: "pipeline-options",
      class: "options",
      role: "listbox",
      "aria-label": "Completions",
      onwheel: (event) => {
        event.preventDefault();
        this.list.scrollTop += event.deltaY;
      },
    });
    this.hint = element("p", { id: "pipeline-hint", class: "expected small" });
    this.popup = element(
      "div",
      // A press here leaves the focus in the text box.
      { class: "options-box", hidden: true, onpointerdown: (event) => event.preventDefault() },
      this.hint,
      this.list,
      element("p", { class: "keys muted small", "aria-hidden": "true" }, KEYS),
    );
    this.count = element("span", { class: "unseen", role: "status" });
    this.element = element("div", { class: "editor" }, this.mirror, this.input, this.popup, this.count);
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** Whether completions are shown. */
  get open() {
    return !this.popup.hidden;
  }

  /** Show a text. */
  show(text) {
    if (this.input.value === text) return;
    const { selectionStart: caret, value } = this.input;
    this.input.value = text;
    const place = caret === value.length ? text.length : caret;
    const focused = document.activeElement === this.input;
    if (focused) this.input.setSelectionRange(place, place);
    this.#draw(null);
    this.#fit();
  }

  /** Mark the part that is wrong; null for none. */
  mark(span) {
    this.input.setAttribute("aria-invalid", String(Boolean(span)));
    this.#draw(span);
  }

  /** Put the caret at a place. */
  focus(place) {
    this.input.focus();
    this.input.setSelectionRange(place, place);
  }

  /** Hide the completions. */
  close() {
    this.popup.hidden = true;
    this.#active = -1;
    this.count.textContent = "";
    this.input.removeAttribute("aria-activedescendant");
  }

  #oninput() {
    this.#draw(null);
    this.#fit();
    this.typed(this.input.value);
    this.#suggest();
  }

  #onkeydown(event) {
    const { key } = event;
    const count = this.#options.length;
    if (this.open && count && (key === "ArrowDown" || key === "ArrowUp")) {
      const step = key === "ArrowDown" ? 1 : -1;
      this.#choose((this.#active + step + count + (this.#active < 0 && step < 0 ? 1 : 0)) % count);
    } else if (this.open && key === "Escape") {
      this.close();
    } else if (key === "Enter" && !event.isComposing) {
      if (this.open && this.#active >= 0) this.#accept(this.#active);
      else this.#enter();
    } else if (key === " " && event.ctrlKey) {
      this.#suggest();
    } else if (key === "ArrowDown" && !this.input.value) {
      this.#suggest();
    } else {
      if (key.startsWith("Arrow") || key === "Home" || key === "End") this.close();
      return;
    }
    event.preventDefault();
  }

  #enter() {
    this.close();
    this.chosen();
  }

  #suggest() {
    const { input } = this;
    this.#found = complete(input.value, input.selectionStart, this.catalogue, this.presets);
    this.#options = this.#found.options;
    const { token } = this.#found;
    const { argument } = this.#found;
    // The list lies over the cards: it is there only while it may help.
    const whole = this.#options.some(({ insert }) => insert === token);
    const help = this.#options.length || (argument && !token);
    if (!help || whole || input.value.includes("\n")) return this.close();
    this.#explain(argument);
    this.list.hidden = !this.#options.length;
    this.list.replaceChildren(...this.#options.map((option, index) => this.#item(option, index)));
    this.popup.hidden = false;
    this.#place();
    const exact = this.#options.some(({ label }) => label === token);
    this.#choose(token && !exact ? 0 : -1);
    const count = this.#options.length;
    const about = argument ? `${this.hint.textContent}. ` : "";
    this.count.textContent = about + (count === 1 ? "1 completion" : `${count} completions`);
    return undefined;
  }

  /** Say what the argument at the caret expects. */
  #explain(argument) {
    this.hint.hidden = !argument;
    if (!argument) return;
    const name = element("span", { class: "mono" }, argument.name);
    const such = argument.required ? `, such as ${showValue(firstValue(argument))}` : "";
    this.hint.replaceChildren(name, `: ${argument.expects}${such}`);
  }

  #item({ label, detail }, index) {
    return element(
      "li",
      {
        id: `pipeline-option-${index}`,
        role: "option",
        "aria-selected": "false",
        "aria-label": label,
        onclick: () => this.#accept(index),
      },
      element("span", { class: "mono" }, label),
      element("span", { class: "muted small ellipsis" }, detail),
    );
  }

  #choose(index) {
    this.list.children[this.#active]?.setAttribute("aria-selected", "false");
    this.#active = index;
    const item = this.list.children[index];
    if (!item) return this.input.removeAttribute("aria-activedescendant");
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    return this.input.setAttribute("aria-activedescendant", item.id);
  }

  #accept(index) {
    const { from, to } = this.#found;
    const { insert } = this.#options[index];
    this.close();
    this.input.setSelectionRange(from, to);
    // Deprecated, but the only way that the browser's Undo knows of.
    if (!document.execCommand("insertText", false, insert)) this.input.setRangeText(insert, from, to, "end");
    const value = this.input.value;
    this.typed(value);
    if (/[:=/]$/.test(insert)) this.#suggest();
    else this.close();
  }

  /** The text behind the box, with the wrong part marked. */
  #draw(span) {
    const { value } = this.input;
    if (!span) return this.mirror.replaceChildren(value || " ");
    const [start, end] = span[0] < span[1] ? span : [Math.max(0, span[0] - 1), span[1]];
    const wrong = element("span", { class: "wrong" }, value.slice(start, end) || " ");
    return this.mirror.replaceChildren(value.slice(0, start), wrong, value.slice(end));
  }

  /** Put the list under the word that is completed. */
  #place() {
    const range = document.createRange();
    const text = this.mirror.firstChild;
    const at = Math.min(this.#found.from, text?.length ?? 0);
    if (!text || text.nodeType !== Node.TEXT_NODE) return;
    range.setStart(text, at);
    range.setEnd(text, at);
    const box = this.element.getBoundingClientRect();
    const word = range.getBoundingClientRect();
    const left = Math.min(word.left - box.left, box.width - Math.min(box.width, this.popup.offsetWidth));
    this.popup.style.left = `${Math.max(0, left)}px`;
    this.popup.style.top = `${word.bottom - box.top + 4}px`;
  }

  #fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
    this.#scroll();
  }

  #scroll() {
    this.mirror.scrollTop = this.input.scrollTop;
  }
}
