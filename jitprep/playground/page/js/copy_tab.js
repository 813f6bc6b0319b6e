// The Copy tab: everything that production needs, ready to be pasted.

import { post } from "./api.js";
import { asked, state } from "./state.js";
import { element, errorBox, say } from "./ui.js";

// What most people came for is first, and stands out.
const FIRST = "payload";
const GROUPS = [
  ["The pipeline, in three spellings", ["line", "json", "toml"]],
  ["In your program", ["python", "reader", "curl", "aws", "mount"]],
  ["On the command line", ["run", "read", "plan", "preview", "cost", "play"]],
];

/** Build the tab; `show` asks again where the pipeline or the source changed. */
export function buildCopyTab(container) {
  const body = element("div", { class: "copy" });
  let asking = null;
  let last = "";
  container.append(body);
  return {
    async show() {
      const question = JSON.stringify(asked());
      if (question === last) return;
      last = question;
      asking?.abort();
      asking = new AbortController();
      if (!state.pipeline) {
        const hint = "Build a pipeline first. What production needs of it is shown here.";
        body.replaceChildren(element("p", { class: "muted" }, hint));
        return;
      }
      try {
        body.replaceChildren(...page(await post("copy", asked(), { signal: asking.signal })));
      } catch (error) {
        if (error.name === "AbortError") return;
        last = "";
        body.replaceChildren(errorBox(error));
      }
    },
  };
}

function page({ snippets, preset }) {
  const byName = new Map(snippets.map((snippet) => [snippet.name, snippet]));
  const take = (names) => names.flatMap((name) => {
    const found = byName.get(name);
    byName.delete(name);
    return found ? [found] : [];
  });
  const payload = take([FIRST]).map((snippet) => block(snippet, true));
  const save = element(
    "button",
    { type: "button", onclick: () => download(preset) },
    "Save preset",
  );
  const groups = GROUPS.map(([title, names]) => [title, take(names)]);
  groups.push(["More", [...byName.values()]]);
  const sections = groups.filter(([, found]) => found.length).map(([title, found]) => {
    const blocks = found.map((snippet) => block(snippet, false));
    return element("section", { "aria-label": title }, element("h3", {}, title), blocks);
  });
  const about = preset ? element("p", { class: "row" }, save, element("span", { class: "muted small" },
    `${preset.filename} for JITPREP_PRESETS, with this pipeline as the default.`)) : null;
  return [...payload, ...(about ? [about] : []), ...sections];
}

function block({ name, label, text: given, about, language }, first) {
  const text = name === "play" ? new URL(given, location.href).href : given; // a link can be opened as it is
  const code = element("pre", { tabIndex: 0, role: "group", "aria-label": label },
    element("code", { "data-language": language }, text));
  const button = element(
    "button",
    { type: "button", class: first ? "primary" : "", onclick: () => copy(name, text, button) },
    `Copy ${name}`,
  );
  const title = element(first ? "h3" : "h4", {}, label);
  const head = element("div", { class: "row copy-head" }, title, button);
  const note = about ? element("p", { class: "muted small" }, about) : null;
  const look = first ? "box copy-block first" : "box copy-block";
  return element("article", { class: look, "aria-label": label }, head, note, code);
}

async function copy(name, text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    if (!copyOld(text)) return say(`this browser does not let the page copy; select the text of ${name}`);
  }
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1500);
  return say(`copied ${name}`);
}

/** Copy where the clipboard is not open to the page: over plain HTTP on another host's name. */
function copyOld(text) {
  const area = element("textarea", { class: "unseen", readOnly: true, value: text });
  document.body.append(area);
  const before = document.activeElement;
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus();
  return done;
}

function download({ filename, text }) {
  const url = URL.createObjectURL(new Blob([text], { type: "text/plain" }));
  element("a", { href: url, download: filename }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
  say(`saved ${filename}`);
}
