// Where the work belongs, and what it costs: `jitprep cost` for this source and pipeline.

import { assetUrl, post } from "./api.js";
import { prose } from "./prose.js";
import { asked, firstNeed } from "./state.js";
import { element } from "./ui.js";
import { Work, failure } from "./work.js";

const FIELDS = [
  { name: "gpu", label: "GPU instance type", value: "g5.xlarge", type: "text" },
  { name: "train_ms", label: "Training, ms per object", value: "0", type: "number", step: "any" },
  { name: "objects", label: "Objects", value: "1000000", type: "number", step: "1" },
  { name: "epochs", label: "Epochs", value: "10", type: "number", step: "1" },
];

const COLUMNS =
  "* The cheapest. MB and ms: a function's memory, and its time per request. Host ms: the CPU time per " +
  "object on the machine that trains. GPU idle: how long GPUs wait for data, as a share or in hours " +
  "per epoch.";
const HINT =
  "The source is measured through the pipeline; that takes some seconds. Leave 0 ms of training where you " +
  "do not know it: the answer says from which time on your host keeps up.";
const SHORT = 16; // characters up to which a cell is a number with its unit

/** Build the tab of costs. */
export function buildCostTab(container) {
  const content = element("div", { class: "costs" });
  const inputs = Object.fromEntries(FIELDS.map(({ name, value, type, step }) =>
    [name, element("input", { type, step, value, id: `cost-${name}`, required: true, min: step && "0" })]));
  const gpus = element("datalist", { id: "cost-gpus" });
  inputs.gpu.setAttribute("list", "cost-gpus");
  const submit = element("button", { type: "submit", class: "primary" }, "Compute the cost");
  const work = new Work({
    run: (signal) => post("cost", { ...asked(), ...given(inputs) }, { signal }),
    done: (answer) => {
      content.replaceChildren(...costs(answer));
      gpus.replaceChildren(...(answer.gpus ?? []).map((value) => element("option", { value })));
    },
    failed: (error) => content.replaceChildren(failure(error, () => work.start())),
  });
  const fields = FIELDS.map(({ name, label }) => element(
    "div",
    { class: "field" },
    element("label", { for: `cost-${name}` }, label),
    inputs[name],
  ));
  const form = element("form", { class: "form" }, fields, gpus, submit, work.root);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!firstNeed("")) work.start();
  });
  container.append(form, content);
  let shown = "";
  return {
    show() {
      const need = firstNeed("to see what it costs");
      submit.disabled = Boolean(need);
      const now = JSON.stringify(asked());
      if (now === shown) return;
      shown = now;
      work.cancel();
      content.replaceChildren(element("p", { class: "hint" }, need || HINT));
    },
  };
}

function given(inputs) {
  return Object.fromEntries(FIELDS.map(({ name, type }) =>
    [name, type === "text" ? inputs[name].value : inputs[name].valueAsNumber]));
}

function costs(answer) {
  const { title, header, rows, paid_header: paidHeader, paid_rows: paidRows, plot, command } = answer;
  return [
    element("div", { class: "verdict" }, answer.answer.map((sentence) => element("p", {}, prose(sentence)))),
    table(title, header, rows),
    element("p", { class: "muted small" }, COLUMNS),
    plot ? element("img", { class: "plot", src: assetUrl(plot), alt: `Chart: ${title}` }) : null,
    paidRows?.length ? table("What it is paid for", paidHeader, paidRows) : null,
    list("Why", answer.reasons),
    list("Assumptions", answer.assumptions),
    element("h3", {}, "The same on the command line"),
    element("pre", { class: "dump", tabIndex: 0 }, command),
  ].filter(Boolean);
}

function table(title, header, rows) {
  const made = element(
    "table",
    {},
    element("caption", {}, title),
    element("thead", {}, element("tr", {}, header.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, rows.map((row) => element("tr", {}, row.map(cell)))),
  );
  return element("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": title }, made);
}

function cell(value, place) {
  const text = value === null ? "" : String(value);
  if (!place) return element("th", { scope: "row" }, text);
  return element("td", text.length <= SHORT ? { class: "number" } : {}, text);
}

function list(title, items) {
  if (!items?.length) return null;
  const made = element("ul", { class: "plain-list" }, items.map((item) => element("li", {}, prose(item))));
  return element("section", {}, element("h3", {}, title), made);
}
