// What comes out of the pipeline: shape, type, size and fingerprint.

import { bytes, element } from "./ui.js";

/** The outcome, with `element` and `show(answer)`. */
export function outcome() {
  const list = element("dl", { class: "outcome small", "aria-label": "Output" });
  return {
    element: list,
    show(answer) {
      list.hidden = !answer?.ok || !answer.output;
      if (list.hidden) return;
      const { output, fingerprint, random } = answer;
      const shape = (output.shape ?? []).map((side) => side ?? "?").join("×");
      const rows = [
        ["returns", [shape, output.dtype].filter(Boolean).join(" ")],
        ["as", [output.content_type, output.nbytes ? `${bytes(output.nbytes)} of values` : ""]
          .filter(Boolean).join(", ")],
        ["random", random ? "yes, by the seed" : ""],
        ["fingerprint", fingerprint],
      ];
      list.replaceChildren(...rows.filter(([, value]) => value).map(([name, value]) => {
        const wide = name === "fingerprint";
        const shown = element("dd", { class: wide ? "mono ellipsis" : "", title: wide ? value : "" }, value);
        return element("div", {}, element("dt", { class: "muted" }, name), shown);
      }));
    },
  };
}
