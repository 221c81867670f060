// Elements: texts from files and servers come in as text, never as markup.

export const $ = (id) => document.getElementById(id);

/** An element with these attributes and children. true sets an attribute to nothing; false, null and undefined leave it out. */
export function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const SVG = "http://www.w3.org/2000/svg";

/** One of the symbols of the page. */
export function icon(name) {
  const made = document.createElementNS(SVG, "svg");
  made.setAttribute("class", "icon");
  made.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  made.append(use);
  return made;
}

/** A button that calls `act`. */
export function button(label, act, attributes = {}) {
  const made = make("button", { type: "button", ...attributes }, ...[label].flat());
  made.addEventListener("click", act);
  return made;
}

/**
 * A group of radio buttons in `place`: `choices` are {value, label, title, class, content}; `chosen` is called with a value.
 * Its `choose(value)` shows a choice, its `disable(value, why)` greys one.
 */
export function radios(place, name, choices, chosen) {
  const inputs = new Map();
  place.replaceChildren(
    ...choices.map((choice) => {
      const input = make("input", { type: "radio", name, value: choice.value });
      input.addEventListener("change", () => input.checked && chosen(choice.value));
      inputs.set(choice.value, input);
      const content = choice.content ?? [make("span", { class: "label" }, choice.label)];
      return make("label", { class: `choice ${choice.class ?? ""}`, title: choice.title }, input, ...content);
    }),
  );
  return {
    choose(value) {
      for (const [each, input] of inputs) input.checked = each === value;
    },
    disable(value, isOff, why = "") {
      const input = inputs.get(value);
      input.disabled = isOff;
      input.parentElement.classList.toggle("off", isOff);
      if (isOff) input.parentElement.title = why;
    },
    isOff: (value) => inputs.get(value)?.disabled ?? true,
    focus: () => [...inputs.values()].find((input) => input.checked)?.focus(),
  };
}

let last = 0;

/** Tell programs that read the page aloud. */
export function say(text) {
  const place = $("said");
  clearTimeout(last);
  // A text that is said twice must change in between, or it is not read again.
  if (place.textContent === text) place.textContent = "";
  last = setTimeout(() => (place.textContent = text), 60);
}

/** Show a message that stays until it is closed; "" takes it away. */
export function alarm(text) {
  $("alarm-text").textContent = text;
  $("alarm").hidden = text === "";
}

export function plural(number, one, several) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : several}`;
}
