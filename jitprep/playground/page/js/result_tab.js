// Before and after: asked for anew at each change, shown at once.

import { ApiError, post } from "./api.js";
import { setSourceKind } from "./examples.js";
import { asked, source, state } from "./state.js";
import { element } from "./ui.js";
import { Facts } from "./viewers/facts.js";
import { Pair } from "./viewers/pair.js";
import { loaded } from "./viewers/pictures.js";
import { isPicture } from "./viewers/view.js";
import { Work, failure } from "./work.js";

const ASKS = ["place", "key", "upload", "member", "pipeline", "off", "seed", "boxes", "mask"];

/** Build the tab of before and after. */
export function buildResultTab(container, _session, { seed, progress }) {
  const message = element("div", { class: "messages" });
  const pair = new Pair();
  const facts = new Facts();
  const panel = document.getElementById("result-panel");
  let shown = null; // the source whose picture is there

  const work = new Work({
    run: (signal) => look(signal, shown === JSON.stringify(source())),
    done: (answer) => {
      if (!work.busy) panel.removeAttribute("aria-busy");
      shown = JSON.stringify(source());
      setSourceKind(answer.before.kind);
      if (!answer.after) {
        beforeAlone(answer.before);
        return;
      }
      message.replaceChildren();
      seed.random = answer.random;
      pair.show(answer);
      facts.show(answer);
      document.title = `${answer.line} — jitprep play`;
    },
    failed: (error) => {
      panel.removeAttribute("aria-busy");
      document.title = "jitprep play";
      message.replaceChildren(failure(error, begin));
      if (error.name === "AbortError") return;
      facts.clear();
      if (shown === JSON.stringify(source())) pair.fail();
      else pair.clear();
      if (error.before) {
        setSourceKind(error.before.kind);
        pair.showSource(error.before);
      }
    },
  });
  container.append(message, pair.root, facts.root);
  progress.append(work.root);

  /** The source, where there is no pipeline yet. */
  function beforeAlone(before) {
    document.title = "jitprep play";
    message.replaceChildren(element("p", { class: "muted" }, "Write a pipeline, or choose a preset."));
    seed.random = false;
    pair.clear();
    pair.showSource(before);
    facts.clear();
  }

  function begin() {
    panel.setAttribute("aria-busy", "true");
    work.start();
  }

  return {
    show(changed) {
      if (!ASKS.some((name) => changed.has(name))) return;
      if (source() === null) {
        work.cancel();
        shown = null;
        pair.clear();
        facts.clear();
        message.replaceChildren(hint());
        document.title = "jitprep play";
        return;
      }
      begin();
    },
  };
}

async function look(signal, known) {
  try {
    const answer = state.pipeline.trim()
      ? await post("look", asked(), { signal })
      : await post("source", { source: source() }, { signal });
    await picturesOf(answer);
    return answer;
  } catch (error) {
    if (error instanceof ApiError && !known) error.before = await sourceAlone(signal);
    throw error;
  }
}

/** A result is ready once its pictures are here: both sides are then painted at once. */
async function picturesOf({ before, after }) {
  const pictures = [before, after].filter((view) => view && isPicture(view) && view.frames.length);
  // One that is no longer kept is reported where it is painted.
  await Promise.allSettled(pictures.map((view) => loaded(view.frames[0].asset)));
}

/** What the source looks like where the pipeline is wrong; null where that fails, too. */
async function sourceAlone(signal) {
  try {
    return (await post("source", { source: source() }, { signal })).before;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

function hint() {
  const text = state.pipeline
    ? "Choose a source to see what the pipeline makes of it."
    : "Choose a source and write a pipeline. The source before and after it is shown here.";
  return element("p", { class: "hint" }, text);
}
