// A wall of what random steps draw: one cell per seed, and a click pins it.

import { post } from "./api.js";
import { asked, change, firstNeed, state } from "./state.js";
import { element } from "./ui.js";
import { frameCanvas } from "./viewers/pictures.js";
import { beginning } from "./viewers/view.js";
import { Work, failure } from "./work.js";

const COUNT = 12;
const WHENCE =
  "Random steps draw from the object's key, its ETag and the epoch. The seed is the epoch: " +
  "the same three give the same draw, here and in a read.";

const NOT_RANDOM =
  "This pipeline has no random step: all draws are the same. " +
  "Add step finds some when you search for “random”.";

/** Build the tab of draws. */
export function buildDrawsTab(container, _session, { seed }) {
  let first = 0;
  let shown = "";
  const wall = element("div", { class: "wall", role: "group", "aria-label": "Draws" });
  const same = element("p", { hidden: true }, NOT_RANDOM);
  const range = element("span", { class: "range" });
  const previous = element("button", { type: "button", onclick: () => go(first - COUNT) }, "Previous 12");
  const next = element("button", { type: "button", onclick: () => go(first + COUNT) }, "Next 12");
  const work = new Work({
    run: async (signal) => {
      const body = { ...asked(), first, count: COUNT };
      return { body, answer: await post("draws", body, { signal }) };
    },
    done: ({ body, answer }) => {
      shown = identity(body);
      wall.replaceChildren(...answer.draws.map(cell));
      same.hidden = seed.random;
      press();
    },
    failed: (error) => {
      shown = "";
      wall.replaceChildren(failure(error, () => work.start()));
    },
  });
  const steps = element("div", { class: "tools" }, previous, next, range, work.root);
  container.append(element("p", { class: "muted" }, WHENCE), same, steps, wall);

  function go(place) {
    first = Math.max(0, place);
    update();
  }

  function update() {
    previous.disabled = first === 0;
    range.textContent = `seeds ${first} to ${first + COUNT - 1}`;
    const text = firstNeed("to see what is drawn");
    if (text) {
      work.cancel();
      shown = "";
      wall.replaceChildren(element("p", { class: "hint" }, text));
    } else if (shown === identity({ ...asked(), first })) press();
    else work.start();
  }

  function press() {
    for (const button of wall.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.seed) === state.seed));
    }
  }

  return {
    show(changed) {
      // A seed from elsewhere turns the wall to its page.
      const outside = state.seed < first || state.seed >= first + COUNT;
      if ((changed.has("seed") || changed.has("tab")) && outside) first = state.seed - (state.seed % COUNT);
      update();
    },
  };
}

/** What a wall depends on: all but the seed that is pinned, the boxes and the mask. */
function identity(body) {
  return JSON.stringify([body.source, body.pipeline, body.off, body.first]);
}

function cell({ seed, view }) {
  const [frame] = view.frames;
  const inside = frame
    ? frameCanvas(frame, view.caption, 256)
    : element("span", { class: "excerpt" }, beginning(view));
  const button = element(
    "button",
    { type: "button", class: "draw", "aria-pressed": "false", onclick: () => change({ seed }) },
    inside,
    element("span", {}, `seed ${seed}`),
  );
  button.setAttribute("aria-label", `Pin seed ${seed}`);
  button.dataset.seed = seed;
  return button;
}
