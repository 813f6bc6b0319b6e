// The button "Add step", and the list of all steps that it opens.

import { stepsLike } from "./completion.js";
import { plainProse, prose } from "./prose.js";
import { element } from "./ui.js";

const TITLES = { image: "Images", video: "Video", audio: "Sound", text: "Text" };
const GROUPS = [...Object.values(TITLES), "Encodings"];

/** The button, and its dialog. `add(step)` is called with what was chosen, `kind()` says what comes first. */
export function addStep(catalogue, add, kind) {
  const results = element("div", { class: "step-groups" });
  const search = element("input", {
    type: "search",
    id: "step-search",
    placeholder: "blur, crop, gray, …",
    autocomplete: "off",
    oninput: () => show(),
    onkeydown: (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      results.querySelector("button")?.click();
    },
  });
  const close = element(
    "button",
    { type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close() },
    "✕",
  );
  const dialog = element(
    "dialog",
    {
      class: "step-dialog",
      "aria-label": "Add step",
      onclick: (event) => event.target === dialog && dialog.close(), // beside it
      onkeydown: walk,
    },
    element("div", { class: "step-dialog-inside" },
      element("div", { class: "row" }, element("label", { htmlFor: "step-search" }, "Search steps"), close),
      search,
      results),
  );
  const button = element(
    "button",
    { type: "button", id: "add-step", "aria-haspopup": "dialog", onclick: open },
    "Add step",
  );

  function open() {
    search.value = "";
    show();
    dialog.showModal();
    search.focus();
  }

  function show() {
    const found = stepsLike(search.value.trim(), catalogue.steps);
    const groups = new Map(order(kind()).map((title) => [title, []]));
    for (const step of found) groups.get(groupOf(step))?.push(step);
    const filled = [...groups].filter(([, steps]) => steps.length);
    // While searching, the group of the best match comes first.
    if (search.value.trim()) filled.sort(([, [a]], [, [b]]) => found.indexOf(a) - found.indexOf(b));
    const shown = filled.flatMap(([title, steps]) => [
      element("h3", {}, title),
      element("ul", { "aria-label": title }, steps.map(item)),
    ]);
    const none = element("p", { class: "muted" }, `Nothing is called ${JSON.stringify(search.value)}.`);
    results.replaceChildren(...(shown.length ? shown : [none]));
    results.scrollTop = 0;
  }

  function item(step) {
    const choose = () => {
      dialog.close();
      add(step);
    };
    const name = element("span", { class: "mono" }, step.name);
    const about = element("span", { class: "muted small" }, prose(step.summary));
    const made = element("button", { type: "button", class: "step-choice", onclick: choose }, name, about);
    made.setAttribute("aria-label", step.name);
    made.title = plainProse(step.summary);
    return element("li", {}, made);
  }

  function walk(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [search, ...results.querySelectorAll("button")];
    const at = stops.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    if (!stops[at]) return;
    event.preventDefault();
    stops[at].focus();
  }

  return { button, dialog };
}

function groupOf(step) {
  if (step.role === "encoding") return "Encodings";
  const kind = (step.kinds[0] ?? "image").split(":")[0];
  return TITLES[kind] ?? (step.kinds.includes("spectrogram") ? TITLES.audio : TITLES.image);
}

/** The groups, those of the pipeline's kind first. */
function order(kind) {
  const first = TITLES[kind?.split(":")[0]];
  return first ? [...new Set([first, "Encodings", ...GROUPS])] : GROUPS;
}
