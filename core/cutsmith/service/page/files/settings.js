// The settings of the selected picture: edge, background and frame.

import { $, make, radios } from "./dom.js";
import { hasOwnFrame, OWN_FRAME } from "./state.js";

const EDGES = [
  { value: "auto", label: "Hair and fur", title: "Refine the edge: hair and fur become partly transparent" },
  { value: "none", label: "None", title: "Keep the edge as the mask has it" },
];
const GROUNDS = [
  ["none", "Transparent", "checker"],
  ["white", "White", "white"],
  ["black", "Black", "black"],
  ["colour", "A colour", "own-colour"],
  ["picture", "A picture of yours", "own-picture"],
];

export class Settings {
  constructor(workshop) {
    this.workshop = workshop;
    this.edge = radios($("edge"), "edge", EDGES, (edge) => this.#change({ edge }));
    const grounds = GROUNDS.map(([value, title, kind]) => ({
      value,
      title,
      class: "swatch",
      content: [make("span", { class: `patch ${kind}` }), make("span", { class: "hidden-text" }, title)],
    }));
    this.ground = radios($("background"), "background", grounds, (kind) => this.#chooseGround(kind));
    this.colour = make("input", { type: "color", id: "colour", "aria-label": "The background’s colour" });
    this.colour.addEventListener("change", () => this.#background({ kind: "colour", colour: this.colour.value }));
    this.other = make("button", { type: "button", id: "other-ground" }, "Choose another picture");
    this.other.addEventListener("click", () => $("ground-file").click());
    $("background").after(make("div", { class: "ground-more" }, this.colour, this.other));
    $("ground-file").addEventListener("change", () => this.#useGroundFile());
    $("ground-file").addEventListener("cancel", () => this.show());
    $("for-all").addEventListener("click", () => workshop.useForAll(workshop.selected));
    this.#makeFrame([]);
  }

  /** Offer the presets that the service has. */
  offer(presets) {
    this.#makeFrame(presets);
    this.show();
  }

  get state() {
    return this.workshop.selected.state;
  }

  #change(changes) {
    this.workshop.change(this.workshop.selected, changes);
  }

  #background(changes) {
    this.#change({ background: Object.freeze({ ...this.state.background, ...changes }) });
  }

  #chooseGround(kind) {
    if (kind === "picture" && !this.state.background.file) {
      // Until a picture is chosen, the one before stays.
      this.show();
      $("ground-file").click();
    } else {
      this.#background({ kind });
    }
  }

  #useGroundFile() {
    const [file] = $("ground-file").files;
    $("ground-file").value = "";
    if (file) this.#background({ kind: "picture", file });
  }

  #makeFrame(presets) {
    const option = (value, text) => make("option", { value }, text);
    this.kind = make("select", { id: "frame-kind", "aria-labelledby": "frame-title" }, option("own", "As the picture"), option("crop", "Cut down to the subject"), option("size", "A size of its own"));
    if (presets.length) {
      const group = make("optgroup", { label: "For a marketplace" });
      group.append(...presets.map((preset) => option(`preset ${preset.name}`, preset.title)));
      this.kind.append(group);
    }
    const number = (id, label, most) => make("input", { type: "number", id, min: id === "margin" ? 0 : 1, max: most, inputmode: "numeric", "aria-label": label });
    this.width = number("frame-width", "Width in pixels", 20000);
    this.height = number("frame-height", "Height in pixels", 20000);
    this.margin = number("margin", "Margin around the subject", 9999);
    this.unit = make("select", { id: "margin-unit", "aria-label": "Unit of the margin" }, option("px", "px"), option("%", "%"));
    this.size = make("div", { class: "fields" }, make("span", {}, "Size"), this.width, make("span", { "aria-hidden": "true" }, "×"), this.height, make("span", {}, "px"));
    this.room = make("div", { class: "fields" }, make("span", {}, "Margin"), this.margin, this.unit);
    $("frame").replaceChildren(this.kind, this.size, this.room);
    for (const each of [this.kind, this.width, this.height, this.margin, this.unit]) each.addEventListener("change", () => this.#frame());
  }

  #frame() {
    const [kind, preset = ""] = this.kind.value.split(" ");
    const whole = (input, otherwise) => (input.value !== "" && input.checkValidity() ? Math.round(Number(input.value)) : otherwise);
    const old = this.state.frame;
    const frame = {
      kind,
      preset,
      width: whole(this.width, old.width),
      height: whole(this.height, old.height),
      margin: this.margin.value === "" ? "" : String(whole(this.margin, old.margin)),
      unit: this.unit.value,
    };
    this.#change({ frame: kind === "own" ? OWN_FRAME : Object.freeze(frame) });
  }

  show() {
    if (!this.workshop.selected) return;
    const { edge, background, frame } = this.state;
    this.edge.choose(edge);
    this.ground.choose(background.kind);
    this.colour.value = background.colour;
    this.colour.hidden = background.kind !== "colour";
    this.other.hidden = background.kind !== "picture";
    $("background").style.setProperty("--own-colour", background.colour);
    this.kind.value = frame.kind === "preset" ? `preset ${frame.preset}` : frame.kind;
    this.size.hidden = frame.kind !== "size";
    this.room.hidden = hasOwnFrame(this.state) || frame.kind === "preset";
    for (const [input, value] of [[this.width, frame.width], [this.height, frame.height], [this.margin, frame.margin], [this.unit, frame.unit]]) {
      // What is being written there is not done yet.
      if (document.activeElement !== input) input.value = value;
    }
    $("for-all").hidden = this.workshop.pictures.length < 2;
  }
}
