// The controls of the tool in use, below the picture: what a click means, the brush's size, and the button that applies.

import { $, button, icon, make, radios } from "./dom.js";
import { hasOwnFrame, isPending, isPrompted, isWhole, NO_PROMPT } from "./state.js";

export class Tray {
  constructor(workshop, stage, tools) {
    this.workshop = workshop;
    this.stage = stage;
    this.tools = tools;
    this.hint = make("p", { class: "hint" });
    this.sides = {};
    this.parts = {
      point: this.#sides("point", ["Subject", "plus"], ["Not the subject", "minus"]),
      brush: this.#sides("brush", ["Add", "plus"], ["Take away", "minus"]),
    };
    this.size = make("input", { type: "range", id: "size", min: 1, max: 40, step: 1, value: tools.brush.share * 100 * 2 });
    this.sizeLabel = make("label", { class: "size", for: "size" }, "Size ", this.size);
    this.size.addEventListener("input", () => this.#resize());
    this.applies = button("Cut out", () => workshop.apply(workshop.selected), { class: "primary", id: "apply", title: "Ctrl+Enter" });
    this.clears = button("Clear", () => this.#clear(), { id: "clear" });
    this.actions = make("div", { class: "tray-actions" }, this.clears, this.applies);
    $("tray").append(this.parts.point, this.parts.brush, this.sizeLabel, this.hint, this.actions);
  }

  #sides(name, one, other) {
    const place = make("div", { class: "segments", role: "radiogroup", "aria-label": name === "point" ? "What you click on" : "What the brush does" });
    const choice = (value, [label, sign]) => ({ value, title: "Change with X, or hold Shift", class: sign, content: [icon(sign), make("span", { class: "label" }, label)] });
    this.sides[name] = radios(place, `side-${name}`, [choice("own", one), choice("other", other)], (value) => {
      this.tools[name].isOther = value === "other";
      this.show();
    });
    return place;
  }

  /** Change between the subject and what is beside it, or between adding and taking away. */
  swap() {
    const tool = this.stage.tool;
    if (!tool || !this.sides[tool.name]) return;
    tool.isOther = !tool.isOther;
    this.show();
  }

  /** Change the brush's size by steps. */
  resizeBy(steps) {
    this.size.value = Number(this.size.value) + steps;
    this.#resize();
  }

  #resize() {
    this.tools.brush.share = Number(this.size.value) / 200;
    this.size.setAttribute("aria-valuetext", `${this.size.value / 2}% of the picture`);
    this.stage.pad.resize();
  }

  #clear() {
    this.workshop.change(this.workshop.selected, { prompt: NO_PROMPT, strokes: Object.freeze([]) });
  }

  show() {
    const picture = this.workshop.selected;
    const tool = this.stage.tool;
    if (!picture) return;
    const { state } = picture;
    for (const name of ["point", "brush"]) {
      this.parts[name].hidden = tool?.name !== name;
      this.sides[name].choose(this.tools[name].isOther ? "other" : "own");
    }
    this.sizeLabel.hidden = tool?.name !== "brush";
    const pending = isPending(state);
    this.applies.hidden = !pending;
    this.applies.textContent = state.strokes !== state.cut.strokes && state.strokes.length ? "Refine" : "Cut out";
    this.applies.disabled = isPrompted(state.prompt) && !isWhole(state.prompt);
    this.clears.hidden = !tool || (!isPrompted(state.prompt) && !state.strokes.length);
    this.actions.hidden = this.applies.hidden && this.clears.hidden;
    this.hint.textContent = this.#hint(picture, tool, pending);
    this.hint.classList.toggle("bad", Boolean(tool && pending && this.workshop.maskFailure(picture)));
  }

  #hint(picture, tool, pending) {
    const { prompt } = picture.state;
    const failure = pending ? this.workshop.maskFailure(picture) : null;
    if (failure) return [failure.what, failure.remedy].join(" ");
    if (pending && this.workshop.isMasking(picture)) return "Looking…";
    if (isPrompted(prompt) && !isWhole(prompt)) return "Click on the subject too.";
    if (pending && !tool) return "What you pointed at is not cut out yet.";
    if (pending && isWhole(prompt)) return "Blue is what will be cut out.";
    if (tool?.name === "point") return "Click on what you want to keep. Shift and click on what you do not.";
    if (tool?.name === "box") return "Drag a box around the subject.";
    if (tool?.name === "brush") return "Paint over what is missing. Shift paints away.";
    return picture.cut && hasOwnFrame(picture.state) ? "Slide over the picture to compare. Take a tool where it is wrong." : "";
  }
}
