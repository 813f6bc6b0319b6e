// What is known of a result besides its picture: bytes, time, metadata, numbers.

import { bytes, element } from "../ui.js";

/** A line with sizes and time, and what one opens to read more. What is open stays open. */
export class Facts {
  #wire = element("p", { class: "wire" });
  #metadata = section("Metadata");
  #numbers = section("Numbers");
  root = element(
    "div",
    { class: "facts", hidden: true },
    this.#wire,
    this.#numbers.root,
    this.#metadata.root,
  );

  /** Show an answer's. */
  show({ wire, ms, before, after, item }) {
    this.root.hidden = false;
    const { nbytes, content_type: type, source_nbytes: source, metadata } = wire;
    const share = source ? ` (${portion(nbytes / source)} the source)` : "";
    this.#wire.replaceChildren(
      element("span", {}, `${bytes(source)} → `),
      element("strong", {}, bytes(nbytes)),
      element("span", {}, `${share}, ${type}`),
      element("span", { class: "muted" }, ` · computed in ${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`),
    );
    const known = { ...(item.etag ? { ETag: item.etag } : {}), Key: item.key, ...metadata };
    this.#metadata.content.replaceChildren(definitions(Object.entries(known)));
    const numbers = [["Before", before], ["After", after]].filter(([, view]) => view.numbers);
    this.#numbers.root.hidden = !numbers.length;
    this.#numbers.content.replaceChildren(...numbers.map(([name, one]) => numbersOf(name, one)));
  }

  /** Show nothing. */
  clear() {
    this.root.hidden = true;
  }
}

function section(title) {
  const content = element("div", { class: "section" });
  return { root: element("details", {}, element("summary", {}, title), content), content };
}

function portion(share) {
  if (share >= 2) return `${Number(share.toPrecision(2))} times`;
  return `${Number((share * 100).toPrecision(2))} % of`;
}

function numbersOf(name, { numbers, more }) {
  const { shape, dtype, least, most, mean, std, text } = numbers;
  const rows = [["Shape", shape.join(" × ") || "scalar"], ["Type", dtype]];
  const range = { Minimum: least, Maximum: most, Mean: mean, "Standard deviation": std };
  for (const [label, value] of Object.entries(range)) {
    if (value !== null) rows.push([label, String(Number(value.toPrecision(6)))]);
  }
  for (const [label, count] of [["NaN", more?.nan], ["Infinite", more?.infinite]]) {
    if (count) rows.push([label, `${count} values`]);
  }
  const values = element("pre", { tabIndex: 0, "aria-label": `Values ${name.toLowerCase()}` }, text);
  return element("div", { class: "numbers" }, element("h3", {}, name), definitions(rows), values);
}

function definitions(rows) {
  return element("dl", {}, rows.flatMap(([name, value]) => [
    element("dt", {}, name),
    element("dd", {}, String(value)),
  ]));
}
