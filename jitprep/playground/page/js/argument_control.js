// The control of one argument of a step: what fits what it expects.

import { plainProse } from "./prose.js";
import { readValue, showValue } from "./spelling.js";
import { element } from "./ui.js";

let made = 0;

/**
 * A control with `element`, and `show(given)` that shows the step's arguments.
 * `changed(value, moving)` is called with undefined for the default; `moving` while a slider is dragged.
 */
export function argumentControl(argument, changed) {
  made += 1;
  const id = `argument-${made}`;
  const build = { bool: checkbox, choice, int: number, float: number }[argument.form] ?? text;
  const control = build(argument, id, changed);
  const about = plainProse(`${argument.about ?? ""} Takes ${argument.expects}.`.trim());
  const label = element("label", { for: id, htmlFor: id, title: about }, argument.name);
  control.inputs.forEach((input) => input.setAttribute("aria-describedby", `${id}-about`));
  const note = element("span", { id: `${id}-about`, class: "unseen" }, about);
  const row = element("div", { class: "argument" }, label, ...control.shown, note);
  return {
    name: argument.name,
    element: row,
    show(given) {
      row.classList.toggle("default", !(argument.name in given));
      control.show(argument.name in given ? given[argument.name] : argument.default);
    },
  };
}

function checkbox(argument, id, changed) {
  const input = element("input", { type: "checkbox", id });
  input.addEventListener("change", () => changed(besides(argument, input.checked), false));
  return { inputs: [input], shown: [input], show: (value) => (input.checked = Boolean(value)) };
}

function choice(argument, id, changed) {
  const optional = argument.default === null && !argument.required;
  const none = optional ? [element("option", { value: "" }, "—")] : [];
  const options = argument.choices.map((value) => element("option", { value }, String(value)));
  const input = element("select", { id }, none, options);
  input.addEventListener("change", () => changed(besides(argument, input.value || undefined), false));
  return { inputs: [input], shown: [input], show: (value) => (input.value = value ?? "") };
}

function number(argument, id, changed) {
  const { least, most, form } = argument;
  const step = form === "int" ? 1 : "any";
  const bounds = { min: least ?? "", max: most ?? "" };
  const box = element("input", { type: "number", id, step, ...bounds, placeholder: placeholder(argument) });
  const send = (input, moving) => changed(besides(argument, readValue(form, input.value)), moving);
  box.addEventListener("input", () => send(box, true));
  box.addEventListener("change", () => send(box, false));
  if (!bounded(argument)) return { inputs: [box], shown: [box], show: (value) => keep(box, value) };
  const slider = sliderOf(argument, form === "int", (value, moving) => {
    box.value = value;
    send(slider, moving);
  });
  const show = (value) => {
    keep(box, value);
    if (document.activeElement !== slider) slider.value = value ?? least;
  };
  return { inputs: [box, slider], shown: [slider, box], show };
}

function text(argument, id, changed) {
  const input = element("input", { type: "text", id, spellcheck: false, autocomplete: "off" });
  input.placeholder = placeholder(argument);
  const send = (moving) => changed(besides(argument, readValue(argument.form, input.value)), moving);
  input.addEventListener("input", () => send(true));
  input.addEventListener("change", () => send(false));
  const { form, least, most } = argument;
  if (form !== "list" || !bounded(argument)) {
    return { inputs: [input], shown: [input], show: (value) => keep(input, value) };
  }
  // One number may stand for several: then a slider is of use.
  const whole = Number.isInteger(least) && Number.isInteger(most) && !/(^| )a number/.test(argument.expects);
  const slider = sliderOf(argument, whole, (value, moving) => {
    input.value = value;
    send(moving);
  });
  const show = (value) => {
    keep(input, value);
    const given = Array.isArray(value) && value.length === 1 ? value[0] : value;
    slider.hidden = given === null || given === "" || !Number.isFinite(Number(given));
    if (!slider.hidden && document.activeElement !== slider) slider.value = given;
  };
  return { inputs: [input, slider], shown: [slider, input], show };
}

function bounded({ least, most }) {
  return Number.isFinite(least ?? undefined) && Number.isFinite(most ?? undefined);
}

function sliderOf({ name, least, most }, whole, moved) {
  const step = whole ? 1 : nice((most - least) / 200);
  const slider = element("input", { type: "range", step, min: least, max: most, "aria-label": name });
  slider.addEventListener("input", () => moved(slider.value, true));
  slider.addEventListener("change", () => moved(slider.value, false));
  return slider;
}

/** Show a value, unless it is being typed. */
function keep(input, value) {
  const shown = showValue(value);
  const same = shown.replace(/\s/g, "") === input.value.replace(/\s/g, "");
  if (document.activeElement !== input && !same) input.value = shown;
}

/** The value, or undefined where it is the default, which is not written. */
function besides(argument, value) {
  return !argument.required && showValue(value) === showValue(argument.default) ? undefined : value;
}

function placeholder({ expects, default: preset, required }) {
  return required || preset === null ? expects : showValue(preset);
}

function nice(step) {
  return 10 ** Math.floor(Math.log10(step) + 0.5);
}
