// Something small, opened larger.

import { element } from "../ui.js";

/** Open an element in a dialog with a heading. Escape and a click beside it close it. */
export function enlarge(title, content) {
  const heading = element("h3", { id: "dialog-title" }, title);
  const close = element("button", { type: "button", onclick: () => dialog.close() }, "Close");
  const dialog = element("dialog", { class: "enlarged", "aria-labelledby": "dialog-title" });
  dialog.append(element("div", { class: "dialog-head" }, heading, close), content);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  document.body.append(dialog);
  dialog.showModal();
}
