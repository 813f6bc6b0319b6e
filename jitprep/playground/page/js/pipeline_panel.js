// The middle panel: the pipeline as text and as cards, each the other's view.

import { addStep } from "./add_step.js";
import { Cards } from "./cards.js";
import { Draft } from "./draft.js";
import { example, onExample } from "./examples.js";
import { firstLine } from "./first_values.js";
import { outcome } from "./outcome.js";
import { plainProse } from "./prose.js";
import { isDocument } from "./spelling.js";
import { state } from "./state.js";
import { TextEditor } from "./text_editor.js";
import { element, errorBox } from "./ui.js";

// How long an error waits while its word is still being completed.
const PATIENCE_MS = 700;
const STAYS = "Until it is corrected, results and copies are those of the last pipeline without an error.";

/** Build the panel "Pipeline". */
export function buildPipelinePanel(container, session, { steps, words = [] }) {
  const catalogue = { steps, words, byName: new Map(steps.map((step) => [step.name, step])) };
  const draft = new Draft(session.presets);
  const cards = new Cards(draft, catalogue);
  const editor = new TextEditor({
    catalogue,
    presets: session.presets,
    describedBy: "pipeline-problem",
    typed: (text) => draft.type(text),
    chosen: () => draft.flush(),
  });
  const add = addStep(
    catalogue,
    (step) => cards.add(step, firstLine(step)),
    () => draft.answer?.kind,
  );
  const output = outcome();
  const empty = beginning(draft, () => add.button.focus());
  const [preset, words_] = [presets(draft), wordControls(draft, catalogue)];
  container.classList.add("stack");
  container.append(
    preset.element,
    element("div", {}, editor.element, problem(draft, editor)),
    words_.element,
    empty.element,
    cards.element,
    element("div", { class: "row" }, add.button),
    output.element,
    add.dialog,
  );
  const show = () => {
    editor.show(draft.text);
    output.show(draft.current ? draft.answer : null);
    add.button.disabled = draft.document;
    add.button.title = draft.document ? "Correct the document first" : "";
    for (const part of [preset, words_, empty]) part.show();
  };
  draft.subscribe(show);
  show();
  draft.begin();
}

/** The error's sentence, and a button that applies what it suggests. */
function problem(draft, editor) {
  const box = element("div", { id: "pipeline-problem" });
  let shown = "";
  let timer;
  const put = (message, ...parts) => {
    // Where the text is wrong, the other side still shows what was there before.
    const stays = message && state.pipeline && state.pipeline !== draft.text;
    const note = stays ? [element("p", { class: "muted small" }, STAYS)] : [];
    if (shown !== message) box.replaceChildren(...parts, ...note);
    shown = message;
  };
  draft.subscribe(() => {
    clearTimeout(timer);
    const { answer, failure, current } = draft;
    if (failure) return put(failure.message, errorBox(failure));
    if (!current) return undefined; // the last message stays while the text is typed
    if (answer.ok) {
      editor.mark(null);
      return put("");
    }
    const wait = editor.open ? PATIENCE_MS : 0;
    const { error } = answer;
    const message = errorBox(error);
    if (error.suggestion) message.append(" ", fix(draft, editor, error));
    const show = () => {
      editor.mark(error.span);
      put(`${error.message} ${error.span} ${answer.text}`, message);
    };
    if (wait) timer = setTimeout(show, wait);
    else show();
    return undefined;
  });
  return box;
}

function fix(draft, editor, { span: [start, end], suggestion }) {
  const apply = () => {
    draft.set(draft.text.slice(0, start) + suggestion + draft.text.slice(end), { off: draft.off });
    editor.focus(start + suggestion.length);
  };
  return element("button", { type: "button", class: "fix", onclick: apply }, `Use ${suggestion}`);
}

function presets(draft) {
  const options = draft.presets.map(({ name, pipeline }) => element("option", { value: pipeline }, name));
  const none = element("option", { value: "" }, draft.presets.length ? "Choose a preset" : "No presets");
  const select = element("select", { id: "preset", onchange: () => draft.set(select.value) }, none, options);
  const label = element("label", { htmlFor: "preset" }, "Preset");
  return {
    element: element("div", { class: "field beside", hidden: !draft.presets.length }, label, select),
    show() {
      const known = draft.presets.some(({ pipeline }) => pipeline === draft.text && !isDocument(pipeline));
      select.value = known ? draft.text : "";
    },
  };
}

/** Words before the steps: `exact`, and the kind of source where it is not what the steps imply. */
function wordControls(draft, { words }) {
  const about = (name) => plainProse(words.find((word) => word.name === name)?.summary ?? "");
  const exact = element("input", {
    type: "checkbox",
    id: "exact",
    onchange: () => draft.word("exact", exact.checked ? "exact" : ""),
  });
  const label = element("label", { htmlFor: "exact", class: "mono", title: about("exact") }, "exact");
  const tar = element("input", {
    type: "checkbox",
    id: "tar",
    onchange: () => draft.word(tarWord(draft), tar.checked ? "tar" : ""),
  });
  const tarLabel = element("label", { htmlFor: "tar", class: "mono", title: about("tar") }, "tar");
  const kinds = words.map(({ name }) => name).filter((name) => !["exact", "skip", "tar"].includes(name));
  const options = kinds.map((name) => element("option", { value: name }, name));
  const kind = element("select", {
    id: "kind",
    onchange: () => draft.word(kindWord(draft), kind.value),
  }, element("option", { value: "" }, "as implied"), options);
  const kindLabel = element("label", { htmlFor: "kind" }, "Reads");
  return {
    element: element("div", { class: "words" },
      element("span", { class: "row" }, exact, label, tar, tarLabel),
      element("span", { class: "row" }, kindLabel, kind)),
    show() {
      const none = !draft.cards.length;
      exact.disabled = tar.disabled = kind.disabled = none;
      if (!draft.current) return;
      exact.checked = draft.words.includes("exact");
      tar.checked = Boolean(tarWord(draft));
      const word = kindWord(draft);
      if (word && ![...kind.options].some(({ value }) => value === word)) {
        kind.append(element("option", { value: word }, word));
      }
      kind.value = word;
    },
  };
}

function tarWord(draft) {
  return draft.words.find((word) => word.split(":")[0] === "tar") ?? "";
}

function kindWord(draft) {
  return draft.words.find((word) => word !== "exact" && word.split(":")[0] !== "tar") ?? "";
}

/** What to do while there is no pipeline. `begun` is called once there is: the focus was on what is gone. */
function beginning(draft, begun) {
  const start = () => {
    draft.set(example());
    begun();
  };
  const begin = element(
    "button",
    { type: "button", class: "plain mono", onclick: start },
  );
  const hint = element("p", { class: "beginning muted" },
    "Type a pipeline above, add steps below, or begin with ", begin);
  const name = () => (begin.textContent = example());
  onExample(name);
  name();
  return { element: hint, show: () => (hint.hidden = Boolean(draft.text.trim())) };
}
