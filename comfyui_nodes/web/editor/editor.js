/** The editor in a node: clicks and boxes on a picture of the input, kept in step with the node's text fields. */

import { html } from "../elements.js";
import { Fields } from "./fields.js";
import { listen } from "./gestures.js";
import { BOXES, FIELDS, NEGATIVE, POSITIVE } from "./marks.js";
import { pictureOf } from "./picture.js";
import { Surface } from "./surface.js";

const FIRST_WIDTH = 380;
// Of the picture, in pixels of the page: as high as it is at the node's width, within limits.
const LEAST_HEIGHT = 160;
const MOST_HEIGHT = 340;
const BAR_HEIGHT = 32;
// What the canvas renderer leaves free above and below a widget.
const MARGIN = 10;
const HOW = "Click on the subject. Right-click on what is not. Drag a box.";
const KEYS_NOW = "Enter: subject. -: not subject. B: box. Delete: remove.";
const KEYS =
  "Arrow keys move a cross, with Shift by one pixel. Enter or + marks the subject, - what is not the subject. " +
  "B begins a box and ends it. Delete removes the mark at the cross.";
const NO_PICTURE = "Connect Load Image, or run the workflow once: the picture appears here.";
const REMOVES = { [BOXES]: "Click: remove this box. Drag: move it.", points: "Click: remove this point. Drag: move it." };

/** Whether `node` has the text fields that the editor fills. */
export const takesMarks = (node) => FIELDS.every((field) => node.widgets?.some((widget) => widget.name === field));

/** Add the editor to `node`; -> its part. */
export function addEditor(node) {
  const editor = new Editor(node);
  const widget = node.addDOMWidget("cutsmith_editor", "cutsmith_editor", editor.element, {
    serialize: false,
    hideInPanel: true,
    hideOnZoom: false,
    margin: MARGIN,
    getMinHeight: () => editor.pictureHeight + BAR_HEIGHT + 2 * MARGIN,
  });
  widget.serialize = false;
  const { onConfigure, onConnectionsChange } = node;
  node.onConfigure = function () {
    onConfigure?.apply(this, arguments);
    editor.fields.forget();
    editor.refresh();
  };
  node.onConnectionsChange = function () {
    onConnectionsChange?.apply(this, arguments);
    editor.refresh();
  };
  const [width, height] = node.computeSize();
  node.setSize([Math.max(node.size[0], width, FIRST_WIDTH), Math.max(node.size[1], height)]);
  editor.refresh();
  return editor;
}

class Editor {
  constructor(node) {
    this.node = node;
    this.surface = new Surface();
    this.marks = {};
    this.cursor = this.active = this.draft = null;
    this.why = "";
    this.lastRun = null;
    this.url = null;
    this.surface.element.setAttribute("aria-label", `Marks on the picture. ${KEYS}`);
    this.empty = html("div", { class: "cutsmith-empty" }, NO_PICTURE);
    this.hint = html("span", { class: "cutsmith-hint", role: "status" });
    this.undoButton = this.button("Undo", "Take back the last mark", () => this.fields.undo());
    this.clearButton = this.button("Clear", "Remove all marks", () => this.clear());
    const bar = html("div", { class: "cutsmith-bar" }, this.hint, this.undoButton, this.clearButton);
    this.element = html("div", { class: "cutsmith-editor" }, this.surface.element, this.empty, bar);
    this.pictureHeight = LEAST_HEIGHT;
    this.fields = new Fields(node, () => this.refresh());
    listen(this);
    new ResizeObserver(() => this.fit()).observe(this.surface.element);
    this.surface.element.addEventListener("pointerenter", () => this.refresh());
  }

  button(text, title, act) {
    const button = html("button", { type: "button", title }, text);
    button.addEventListener("click", () => {
      act();
      this.refresh();
    });
    return button;
  }

  /** Make room for the picture as it is now, and draw. */
  fit() {
    const { element, width, height } = this.surface;
    const wanted = width ? (element.clientWidth * height) / width : (LEAST_HEIGHT + MOST_HEIGHT) / 2;
    this.pictureHeight = Math.round(Math.min(Math.max(wanted, LEAST_HEIGHT), MOST_HEIGHT));
    element.style.minHeight = `${this.pictureHeight}px`;
    this.node.setDirtyCanvas(true, true);
    this.draw();
  }

  /** What the node's last run sent: a picture of its input. */
  show({ cutsmith_picture: pictures }) {
    this.lastRun = pictures?.[0] ?? this.lastRun;
    this.refresh();
  }

  /** Read the graph again: the marks in the text fields, and the picture. */
  refresh() {
    this.fields.noteChanges();
    for (const field of FIELDS) this.marks[field] = this.fields.marks(field);
    const picture = pictureOf(this.node, this.lastRun);
    if ((picture?.url ?? null) !== this.url) this.load(picture);
    this.draw();
  }

  load(picture) {
    this.url = picture?.url ?? null;
    this.surface.clear();
    if (!picture) return;
    const image = new Image();
    image.onload = () => {
      if (picture.url !== this.url) return;
      this.surface.show(picture.url, picture.width ?? image.naturalWidth, picture.height ?? image.naturalHeight);
      this.fit();
    };
    image.src = picture.url;
  }

  /** Change what is shown besides the marks: {active, draft, cursor}. */
  look(changes) {
    if (changes.active !== undefined) this.why = "";
    Object.assign(this, changes);
    this.draw();
  }

  draw() {
    const hasPicture = this.surface.width > 0;
    this.empty.hidden = hasPicture;
    this.surface.element.classList.toggle("is-over-mark", Boolean(this.active));
    if (hasPicture) this.surface.draw(this.marks, this);
    this.hint.textContent = this.why || this.fieldsThatFail() || this.hintNow();
    this.undoButton.disabled = !this.fields.canUndo;
    this.clearButton.disabled = this.fields.texts().every((text) => !text);
  }

  fieldsThatFail() {
    const failing = FIELDS.find((field) => !this.marks[field]);
    return failing ? this.fields.whyNot(failing) : "";
  }

  hintNow() {
    if (this.draft) return `${this.draft.width} × ${this.draft.height}`;
    if (this.cursor) return KEYS_NOW;
    if (this.active) return this.active.field === BOXES ? REMOVES[BOXES] : REMOVES.points;
    const counted = [
      [POSITIVE, "on the subject"],
      [NEGATIVE, "off it"],
      [BOXES, this.marks[BOXES]?.length === 1 ? "box" : "boxes"],
    ].filter(([field]) => this.marks[field]?.length);
    return counted.map(([field, name]) => `${this.marks[field].length} ${name}`).join(", ") || HOW;
  }

  add(field, mark) {
    if (!mark) return;
    this.why = this.fields.whyNot(field);
    if (!this.why) this.fields.change({ [field]: [...this.marks[field], mark] });
    this.refresh();
  }

  remove(mark) {
    if (!mark) return;
    this.fields.change({ [mark.field]: this.marks[mark.field].toSpliced(mark.number, 1) });
    this.refresh();
  }

  moved({ field, number }, { x, y }) {
    const mark = this.marks[field][number];
    const within = (value, size) => Math.round(Math.min(Math.max(value, 0), size));
    const [right, bottom] = [this.surface.width - (mark.width ?? 1), this.surface.height - (mark.height ?? 1)];
    const to = { ...mark, x: within(mark.x + x, right), y: within(mark.y + y, bottom) };
    return { [field]: this.marks[field].with(number, to) };
  }

  drag(mark, by) {
    this.surface.draw({ ...this.marks, ...this.moved(mark, by) }, { active: mark });
  }

  move(mark, by) {
    this.fields.change(this.moved(mark, by));
    this.refresh();
  }

  clear() {
    this.fields.change(Object.fromEntries(FIELDS.filter((field) => !this.fields.isLinked(field)).map((each) => [each, []])));
  }
}
