// Each stage of the plan with its result, and what the planner changed to be fast.

import { post } from "./api.js";
import { asked, firstNeed } from "./state.js";
import { bytes, element } from "./ui.js";
import { thumbnail } from "./viewers/view.js";
import { Work, failure } from "./work.js";

/** Build the tab of stages. */
export function buildStagesTab(container) {
  const content = element("div", { class: "stages" });
  let shown = "";
  const work = new Work({
    run: async (signal) => {
      const body = asked();
      return { body, answer: await post("explain", body, { signal }) };
    },
    done: ({ body, answer }) => {
      shown = JSON.stringify(body);
      content.replaceChildren(stageTable(answer), rewriteList(answer));
    },
    failed: (error) => {
      shown = "";
      content.replaceChildren(failure(error, () => work.start()));
    },
  });
  container.append(work.root, content);
  return {
    show() {
      const text = firstNeed("to see each stage's result");
      if (text) {
        work.cancel();
        shown = "";
        content.replaceChildren(element("p", { class: "hint" }, text));
      } else if (shown !== JSON.stringify(asked())) work.start();
    },
  };
}

function stageTable({ stages, encoding }) {
  const rows = [...stages, { spec: "", view: null, ...encoding }];
  const most = Math.max(...rows.map((row) => row.ms), 0.001);
  const head = ["Stage", "Result", "Time", "Bytes"];
  const body = rows.map((row) => element(
    "tr",
    {},
    element("th", { scope: "row" }, element("code", {}, row.what), element("p", {}, row.spec)),
    element("td", {}, row.view && thumbnail(row.view, row.what, 72)),
    element("td", { class: "time" }, bar(row.ms / most), element("span", {}, milliseconds(row.ms))),
    element("td", { class: "number" }, bytes(row.nbytes)),
  ));
  const table = element(
    "table",
    { class: "stage-table" },
    element("caption", { class: "unseen" }, "Stages of the plan"),
    element("thead", {}, element("tr", {}, head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, body),
  );
  const total = rows.reduce((sum, row) => sum + row.ms, 0);
  return element(
    "div",
    {},
    element("div", { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Stages" }, table),
    element("p", { class: "muted" }, `${milliseconds(total)} in all, each stage run by itself`),
  );
}

function bar(share) {
  const filled = element("span", { class: "filled" });
  filled.style.width = `${Math.max(1, share * 100)}%`;
  return element("span", { class: "bar", "aria-hidden": "true" }, filled);
}

function milliseconds(ms) {
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function rewriteList({ rewrites, exact, why }) {
  const list = rewrites.map(({ name, tolerance, difference }) => element(
    "li",
    {},
    element("strong", {}, name),
    `: ${tolerance}`,
    difference ? element("span", { class: "muted" }, ` · measured: ${measured(difference)}`) : null,
  ));
  return element(
    "section",
    { class: "rewrites" },
    element("h3", {}, "What the planner rewrote"),
    list.length ? element("ul", {}, list) : element("p", {}, "Nothing: every step runs as it is written."),
    element("h3", {}, "Measured difference to the exact pipeline"),
    exact ? element("p", { class: "measured" }, measured(exact)) : null,
    exact?.line ? element("p", {}, element("code", {}, exact.line)) : null,
    why ? element("p", { class: "muted" }, why) : null,
  );
}

/** A measured difference, in words. */
export function measured({ identical, most, mean, share, decibels }) {
  if (identical) return "identical";
  const number = (value) => String(Number(value.toPrecision(3)));
  const parts = [`differs in ${percent(share)} of values`];
  if (most !== null) parts.push(`by at most ${number(most)}`, `on average ${number(mean)}`);
  if (decibels) parts.push(`${decibels.toFixed(1)} dB PSNR`);
  return parts.join(", ");
}

function percent(share) {
  return share < 0.0001 ? "less than 0.01 %" : `${Number((share * 100).toPrecision(2))} %`;
}
