// The left panel: what the pipeline is tried on.

import { post } from "./api.js";
import { keyField } from "./key_field.js";
import { objects } from "./objects.js";
import { isDocument } from "./spelling.js";
import { change, state, subscribe } from "./state.js";
import { element } from "./ui.js";
import { uploadName, uploading } from "./uploading.js";

/** Build the panel "Source". */
export function buildSourcePanel(container, session) {
  choosePlace(session.places);
  container.classList.add("stack");
  const chosen = element("div", { class: "chosen" });
  const show = () => chosen.replaceChildren(...shown());
  container.append(chosen, uploading(session), objects(session), keyField(session));
  subscribe(show);
  show();
}

/** What is looked at, and the way back from a member to its shard. */
function shown() {
  const { key, upload, member } = state;
  if (!key && !upload) return [element("p", { class: "muted small" }, "Choose what to try the pipeline on.")];
  const whole = upload ? uploadName(upload) || "an uploaded file" : key;
  const name = element("bdi", { class: "ellipsis", title: member || whole }, member || whole);
  const line = element("p", { class: "row now" }, element("span", { class: "muted small" }, "Now"), name);
  if (!member) return [line];
  const back = element("button", { type: "button", class: "plain ellipsis", title: whole,
    onclick: () => change({ member: "", pipeline: ofShard(state.pipeline) }) }, `← back to ${whole}`);
  return [line, back];
}

/** The pipeline of a whole shard, for that of one member: opening a member left its first word out. */
function ofShard(pipeline) {
  const isMember = pipeline.includes("/") && !isDocument(pipeline) && !/^tar[:/]/.test(pipeline);
  return isMember ? `tar/${pipeline}` : pipeline;
}

/** A key may come without its place, as in a log line: it is looked for in all places. */
async function choosePlace(places) {
  if (state.place || !places.length) return;
  const [first] = places;
  const obvious = !state.key || state.upload || places.length === 1;
  if (obvious) return change({ place: first.name }, { replace: true });
  const { key } = state;
  const sources = places.slice(0, 24).map(({ name }) => ({ place: name, key, upload: "", member: "" }));
  const { thumbs } = await post("thumbs", { sources });
  const at = thumbs.findIndex(({ error }) => !error || !/NotFound|NoSuchKey|AccessDenied/.test(error.code));
  if (state.key === key && !state.place) change({ place: places[Math.max(0, at)].name }, { replace: true });
  return undefined;
}
