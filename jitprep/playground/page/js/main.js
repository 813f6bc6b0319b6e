// Entry point: builds the three panels.

import { buildPipelinePanel } from "./pipeline_panel.js";
import { buildResultPanel } from "./result_panel.js";
import { buildSourcePanel } from "./source_panel.js";
import { get } from "./api.js";
import { errorBox } from "./ui.js";

try {
  const [session, catalogue] = await Promise.all([get("session"), get("steps")]);
  buildSourcePanel(document.getElementById("source-panel"), session);
  buildPipelinePanel(document.getElementById("pipeline-panel"), session, catalogue);
  buildResultPanel(document.getElementById("result-panel"), session);
} catch (error) {
  document.querySelector("main").prepend(errorBox(error));
  throw error;
}
