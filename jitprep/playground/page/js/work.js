// Work of which only the newest counts: what is under way is shown, can be cancelled, and gives way to what
// is asked after it.

import { element, say } from "./ui.js";

const QUIET_MS = 150; // work that is done sooner is not announced
const FOLLOW_MS = 120; // how long an answer that is already overtaken is waited for, to follow a slider

/**
 * Runs of one kind of work. `run(signal, progress)` does it, `done(answer)` shows what came of it, and
 * `failed(error)` shows why nothing did. `root` is the element that shows progress.
 */
export class Work {
  #run;
  #done;
  #failed;
  #current = null;
  #waiting = false;
  #timer = 0;
  #bar = element("progress", { "aria-label": "Progress" });
  #words = element("span");
  root = element(
    "span",
    { class: "working", hidden: true },
    this.#bar,
    this.#words,
    element("button", { type: "button", onclick: () => this.cancel(true) }, "Cancel"),
  );

  constructor({ run, done, failed }) {
    this.#run = run;
    this.#done = done;
    this.#failed = failed;
  }

  /** Whether an answer is awaited. */
  get busy() {
    return this.#current !== null;
  }

  /** Do the work for the state as it is now; work for an older state gives way. */
  start() {
    if (this.#current === null) {
      this.#begin();
      return;
    }
    if (this.#waiting) return;
    // What is nearly there is shown, so that a picture follows a slider; what takes long is given up.
    this.#waiting = true;
    const late = this.#current;
    const rest = Math.max(0, FOLLOW_MS - (performance.now() - late.begun));
    setTimeout(() => late === this.#current && this.#again(), rest);
  }

  /** Give the work up. By hand it is said. */
  cancel(byHand = false) {
    this.#waiting = false;
    if (this.#current === null) return;
    this.#current.abort.abort();
    this.#end();
    say(byHand ? "cancelled" : "");
    if (!byHand) return;
    this.#failed(new DOMException("cancelled", "AbortError"));
  }

  #again() {
    this.#waiting = false;
    this.#current.abort.abort();
    this.#current = null;
    this.#begin();
  }

  async #begin() {
    const mine = { abort: new AbortController(), begun: performance.now() };
    this.#current = mine;
    this.#bar.removeAttribute("value");
    this.#words.textContent = "computing…";
    if (this.root.hidden && !this.#timer) this.#timer = setTimeout(() => this.#announce(), QUIET_MS);
    let answer;
    try {
      answer = await this.#run(mine.abort.signal, (done, total) => this.#show(mine, done, total));
    } catch (error) {
      // An error of what is asked anew is not shown: it may be of a word that was half typed.
      if (mine !== this.#current || this.#settle()) return;
      if (error.name !== "AbortError") say("failed");
      this.#failed(error);
      return;
    }
    if (mine !== this.#current) return;
    if (!this.#settle()) say(`ready in ${Math.max(1, Math.round(performance.now() - mine.begun))} ms`);
    this.#done(answer);
  }

  /** End this run, and begin the next where one was asked for: whether it was. */
  #settle() {
    const more = this.#waiting;
    this.#waiting = false;
    if (more) this.#begin();
    else this.#end();
    return more;
  }

  #announce() {
    this.root.hidden = false;
    say("computing…");
  }

  #end() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#current = null;
    this.root.hidden = true;
  }

  #show(mine, done, total) {
    if (mine !== this.#current) return;
    this.#bar.max = total || 1;
    this.#bar.value = done;
    this.#words.textContent = `${done} of ${total}`;
  }
}
