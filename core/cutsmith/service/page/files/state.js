// What a person has asked for one picture, as values that never change: each change makes a new state.

export const NO_PROMPT = Object.freeze({ text: "", box: null, points: Object.freeze([]) });
export const OWN_FRAME = Object.freeze({ kind: "own", width: 2000, height: 2000, margin: "", unit: "px", preset: "" });
export const NO_GROUND = Object.freeze({ kind: "none", colour: "#3aa675", file: null });

/** The settings that pictures begin with, and that can be used for all of them. */
export const FIRST_SETTINGS = Object.freeze({ edge: "auto", background: NO_GROUND, frame: OWN_FRAME });

/** `prompt` and `strokes` are what was pointed at; `cut` is how much of it the result shown was made of. */
export function firstState(settings) {
  const cut = Object.freeze({ prompt: NO_PROMPT, strokes: Object.freeze([]) });
  return Object.freeze({ ...cut, cut, ...settings });
}

export function changed(state, changes) {
  return Object.freeze({ ...state, ...changes });
}

export const isPrompted = (prompt) => prompt.text !== "" || prompt.box !== null || prompt.points.length > 0;

/** Whether a prompt can be answered: clicks beside the subject alone say nothing about where it is. */
export const isWhole = (prompt) => isPrompted(prompt) && (prompt.text !== "" || prompt.box !== null || prompt.points.some((point) => point[2]));

/** Whether something was pointed at that the result does not show yet. */
export function isPending(state) {
  return promptKey(state.prompt) !== promptKey(state.cut.prompt) || state.strokes !== state.cut.strokes;
}

export const promptKey = (prompt) => JSON.stringify([prompt.text, prompt.box, prompt.points]);

let named = 0;
const names = new WeakMap();

/** A name for an object by which it can stand in a key. */
function nameOf(object) {
  if (!names.has(object)) names.set(object, ++named);
  return names.get(object);
}

const strokesKey = (strokes) => strokes.map(nameOf).join(".");

/** What a cut-out depends on. */
export const cutKey = (cut, edge) => `${promptKey(cut.prompt)} ${strokesKey(cut.strokes)} ${edge}`;

/** What the bytes of a result depend on. */
export function resultKey(state, format) {
  const fields = Object.entries(outputFields(state, format)).map(([name, value]) => [name, typeof value === "string" ? value : nameOf(value)]);
  return `${cutKey(state.cut, state.edge)} ${JSON.stringify(fields)}`;
}

/** The fields that say what is cut out and how. */
export function cutFields(prompt, edge) {
  return {
    ...(prompt.text ? { text: prompt.text } : {}),
    ...(prompt.box ? { box: prompt.box.join(",") } : {}),
    ...(prompt.points.length ? { points: prompt.points.map((point) => point.join(",")).join(" ") } : {}),
    matting: edge,
  };
}

/** The fields that say how the result is written. JPEG cannot be transparent: white goes behind it. */
export function outputFields(state, format) {
  const { frame } = state;
  const fields = { format, ...backgroundFields(state.background) };
  if (frame.kind === "preset") fields.preset = frame.preset;
  if (frame.kind === "crop") fields.crop = "true";
  if (frame.kind === "size") fields.canvas = `${frame.width}x${frame.height}`;
  if ((frame.kind === "size" || frame.kind === "crop") && frame.margin !== "") fields.margin = `${frame.margin}${frame.unit}`;
  const isOpaque = "background" in fields || "background_image" in fields || frame.kind === "preset";
  if (format === "jpg" && !isOpaque) fields.background = "#ffffff";
  return fields;
}

export const colourOf = ({ kind, colour }) => ({ white: "#ffffff", black: "#000000", colour })[kind] ?? "";

function backgroundFields(background) {
  if (background.kind === "picture" && background.file) return { background_image: background.file };
  const colour = colourOf(background);
  return colour ? { background: colour } : {};
}

/** Whether the result lies over its picture, so that both can be compared. */
export const hasOwnFrame = (state) => state.frame.kind === "own";

export class History {
  constructor(first) {
    this.states = [first];
    this.at = 0;
  }

  get now() {
    return this.states[this.at];
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.states.length - 1;
  }

  push(state) {
    this.states.splice(this.at + 1, Infinity, state);
    this.at++;
  }

  undo() {
    if (this.canUndo) this.at--;
  }

  redo() {
    if (this.canRedo) this.at++;
  }
}
