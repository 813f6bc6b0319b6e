// The right side: tabs of what is known of the source through the pipeline.

import { buildCopyTab } from "./copy_tab.js";
import { buildCostTab } from "./cost_tab.js";
import { buildDrawsTab } from "./draws_tab.js";
import { buildResultTab } from "./result_tab.js";
import { SeedControl } from "./seed.js";
import { buildSheetTab } from "./sheet_tab.js";
import { buildStagesTab } from "./stages_tab.js";
import { change, state, subscribe } from "./state.js";
import { element } from "./ui.js";

const TABS = [
  { name: "result", label: "Result", build: buildResultTab },
  { name: "stages", label: "Stages", build: buildStagesTab },
  { name: "draws", label: "Draws", build: buildDrawsTab },
  { name: "sheet", label: "Many", build: buildSheetTab },
  { name: "cost", label: "Cost", build: buildCostTab },
  { name: "copy", label: "Copy", build: buildCopyTab },
];
const KEYS = { ArrowRight: 1, ArrowLeft: -1 };

/** Build the tabs, and show the one that the state names. */
export function buildResultPanel(container, session) {
  const seed = new SeedControl();
  const tabs = TABS.map((tab) => ({ ...tab, ...parts(tab), built: null }));
  const list = element("div", { role: "tablist", "aria-label": "Result", class: "tabs" });
  list.append(...tabs.map((tab) => tab.button));
  list.addEventListener("keydown", (event) => move(event, tabs));
  const progress = element("div", { class: "progress" });
  container.append(progress, list, seed.root, ...tabs.map((tab) => tab.panel));
  const show = (changed) => {
    const current = tabs.find((tab) => tab.name === state.tab) ?? tabs[0];
    for (const tab of tabs) select(tab, tab === current);
    seed.showOn(current.name);
    // The result is looked at whichever tab is shown: the page's title and status speak of it.
    for (const tab of new Set([tabs[0], current])) {
      tab.built ??= tab.build(tab.panel, session, { seed, progress }) ?? {};
      tab.built.show?.(changed);
    }
  };
  subscribe(show);
  show(new Set(["tab", "pipeline", "key"]));
}

function parts({ name, label }) {
  const button = element("button", {
    type: "button",
    role: "tab",
    id: `tab-${name}`,
    "aria-controls": `panel-${name}`,
    onclick: () => change({ tab: name === "result" ? "" : name }),
  }, label);
  const panel = element("div", {
    role: "tabpanel",
    id: `panel-${name}`,
    "aria-labelledby": `tab-${name}`,
    tabIndex: 0,
    class: "tab-panel",
  });
  return { button, panel };
}

function select({ button, panel }, chosen) {
  button.setAttribute("aria-selected", String(chosen));
  button.tabIndex = chosen ? 0 : -1;
  panel.hidden = !chosen;
}

function move(event, tabs) {
  const here = tabs.findIndex((tab) => tab.button === event.target);
  let next = null;
  if (event.key in KEYS) next = (here + KEYS[event.key] + tabs.length) % tabs.length;
  if (event.key === "Home") next = 0;
  if (event.key === "End") next = tabs.length - 1;
  if (next === null || here < 0) return;
  event.preventDefault();
  const { name, button } = tabs[next];
  button.focus();
  change({ tab: name === "result" ? "" : name }, { replace: true });
}
