// The members of a shard, each openable.

import { change } from "../state.js";
import { bytes, element } from "../ui.js";

/** A table of members. */
export function shardTable(view, name) {
  const head = ["Name", "Sample", "Kind", "Bytes", ""].map((text) => element("th", { scope: "col" }, text));
  const body = view.members.map((member) => element(
    "tr",
    {},
    element("td", { class: "name" }, member.name),
    element("td", {}, member.sample),
    element("td", {}, member.kind || "other"),
    element("td", { class: "number" }, bytes(member.nbytes)),
    element("td", {}, opener(member)),
  ));
  const table = element(
    "table",
    { "aria-label": `Members, ${name}` },
    element("thead", {}, element("tr", {}, head)),
    element("tbody", {}, body),
  );
  const scroll = element("div", { class: "scroll", tabIndex: 0, role: "group" }, table);
  scroll.setAttribute("aria-label", "Members");
  const more = view.count > view.members.length ? `${view.members.length} of ${view.count} are shown` : null;
  return element("div", {}, scroll, more && element("p", { class: "muted" }, more));
}

function opener(member) {
  if (!member.kind) return null;
  const open = () => change({ member: member.name, boxes: "", mask: "" });
  return element("button", { type: "button", onclick: open, "aria-label": `Open ${member.name}` }, "Open");
}
