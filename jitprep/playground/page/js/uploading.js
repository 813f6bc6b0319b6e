// A file is dropped anywhere on the page, or chosen; it is sent while a bar shows how far.

import { upload } from "./api.js";
import { change } from "./state.js";
import { bytes, element, errorBox, say } from "./ui.js";


/** The name of a file that was sent from this tab; empty for that of another. */
export function uploadName(id) {
  return sessionStorage.getItem(`upload ${id}`) ?? "";
}

/** The drop zone with its file input, and the progress of what is sent. */
export function uploading({ most_bytes: mostBytes }) {
  const input = element("input", {
    type: "file",
    id: "file",
    class: "unseen",
    onchange: () => {
      if (input.files[0]) send(input.files[0]);
      input.value = ""; // the same file may be chosen again
    },
  });
  const label = element("label", { htmlFor: "file", class: "drop" }, "Drop a file or choose one");
  const progress = element("div", { class: "sending" });
  let sending = null;

  async function send(file) {
    sending?.abort();
    const controller = new AbortController();
    sending = controller;
    const bar = element("progress", { max: 1, value: 0, "aria-label": `Sending ${file.name}` });
    const share = element("span", { class: "small muted" }, "0 %");
    const cancel = element("button", { type: "button", onclick: () => controller.abort() }, "Cancel");
    const name = element("p", { class: "small ellipsis", title: file.name }, file.name);
    progress.replaceChildren(name, bar, element("div", { class: "row" }, share, cancel));
    say(`sending ${file.name.slice(0, 80)}`);
    try {
      if (mostBytes && file.size > mostBytes) {
        throw new Error(`the file has ${bytes(file.size)}, and the page takes at most ${bytes(mostBytes)}`);
      }
      const sent = await upload(file, (part) => {
        bar.value = part;
        share.textContent = part < 1 ? `${Math.floor(part * 100)} % of ${bytes(file.size)}` : "reading…";
      }, { signal: controller.signal });
      sessionStorage.setItem(`upload ${sent.upload}`, sent.name);
      progress.replaceChildren();
      change({ upload: sent.upload, key: "", member: "", mask: "", boxes: "" });
    } catch (error) {
      if (sending !== controller) return;
      const stopped = error.name === "AbortError";
      progress.replaceChildren(...(stopped ? [] : [errorBox(error)]));
      say(stopped ? "sending was cancelled" : "failed");
    }
  }

  listen(send);
  return element("div", { class: "field" }, input, label, progress);
}

/** Let files be dropped on the whole page. */
function listen(send) {
  let inside = 0; // dragenter and dragleave come from every element on the way
  const mark = (by) => {
    inside = by ? Math.max(0, inside + by) : 0;
    document.body.classList.toggle("dropping", inside > 0);
  };
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  addEventListener("dragenter", (event) => hasFiles(event) && mark(1));
  addEventListener("dragleave", (event) => hasFiles(event) && mark(-1));
  addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    mark(0);
    if (!hasFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
  });
}
