// The members of a shard, each openable.

import { bytes, element } from "../ui.js";

const HEAD = ["Name", "Sample", "Kind", "Bytes"];

/** A table of members. `open(name)` opens one; without it there are no buttons. */
export function shardTable(view, name, open) {
  const head = [...HEAD, ...(open ? ["Open"] : [])].map((text) => element("th",
    { scope: "col", class: text === "Bytes" ? "number" : "" }, text));
  const body = view.members.map((member) => row(member, open));
  const table = element(
    "table",
    { "aria-label": `Members, ${name}` },
    element("thead", {}, element("tr", {}, head)),
    element("tbody", {}, body),
  );
  const scrolled = { class: "scroll", tabIndex: 0, role: "group", "aria-label": "Members" };
  return element("div", {}, element("div", scrolled, table), skipped(view.more));
}

function row(member, open) {
  const opening = () => open(member.name);
  const label = `Open ${member.name}`;
  const button = open && member.kind
    ? element("button", { type: "button", onclick: opening, "aria-label": label }, "Open")
    : null;
  return element(
    "tr",
    {},
    element("td", {}, name(member.name)),
    element("td", {}, name(member.sample)),
    element("td", {}, member.kind || "other"),
    element("td", { class: "number" }, bytes(member.nbytes)),
    open ? element("td", {}, button) : null,
  );
}

/** A name of any length in few lines; the whole is its tooltip. */
function name(text) {
  return element("bdi", { class: "name", title: text }, text);
}

/** The samples that were left out of a derived shard, and why. */
function skipped(more) {
  if (!more?.skipped) return null;
  const bad = more.bad.map(({ sample, error, message }) =>
    element("li", {}, element("strong", {}, sample), ` ${error}: ${message}`));
  return element(
    "section",
    { class: "error" },
    element("p", {}, `${more.skipped} sample${more.skipped === 1 ? " is" : "s are"} left out:`),
    element("ul", {}, bad),
  );
}
