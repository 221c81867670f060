/** The node's text fields, read and written as marks, with a history of their own. */

import { app } from "../../../scripts/app.js";
import { FIELDS, marksIn, textOf } from "./marks.js";

const MOST_STEPS = 100;

export class Fields {
  /** `onChange` is called when a field's text changes, whoever changes it. */
  constructor(node, onChange) {
    this.node = node;
    this.steps = [];
    this.known = this.texts();
    this.isWriting = false;
    for (const widget of FIELDS.map((field) => this.widget(field))) {
      const { callback } = widget;
      widget.callback = function () {
        callback?.apply(this, arguments);
        onChange();
      };
    }
  }

  widget(field) {
    return this.node.widgets.find((widget) => widget.name === field);
  }

  texts() {
    return FIELDS.map((field) => this.widget(field).value ?? "");
  }

  /** Whether the field's value comes through a link, so that its text does not count. */
  isLinked(field) {
    return this.node.inputs?.some((input) => input.widget?.name === field && input.link != null) ?? false;
  }

  /** The field's marks; [] if it is linked, null if its text cannot be read. */
  marks(field) {
    return this.isLinked(field) ? [] : marksIn(field, String(this.widget(field).value ?? ""));
  }

  /** Why marks cannot be drawn into the field; "" if they can. */
  whyNot(field) {
    if (this.isLinked(field)) return `${field} is connected: its marks come from there.`;
    if (!this.marks(field)) return `${field} is not a JSON list that can be read. Correct its text, or press Clear.`;
    return "";
  }

  /** Take note of texts that were changed outside, so that undo can bring them back. */
  noteChanges() {
    if (this.isWriting) return;
    const texts = this.texts();
    if (texts.every((text, number) => text === this.known[number])) return;
    this.remember();
    this.known = texts;
  }

  remember() {
    this.steps.push(this.known);
    if (this.steps.length > MOST_STEPS) this.steps.shift();
  }

  /** Replace the marks of fields: {field: marks}. It is one step of the history, here and in ComfyUI's. */
  change(marks) {
    this.noteChanges();
    this.remember();
    this.write(FIELDS.map((field, number) => (field in marks ? textOf(marks[field]) : this.known[number])));
  }

  get canUndo() {
    return this.steps.length > 0;
  }

  undo() {
    this.noteChanges();
    if (this.canUndo) this.write(this.steps.pop());
  }

  /** A workflow was loaded: what came before is another node's history. */
  forget() {
    this.steps = [];
    this.known = this.texts();
  }

  write(texts) {
    const changed = FIELDS.filter((field, number) => texts[number] !== (this.widget(field).value ?? ""));
    this.known = texts;
    this.isWriting = true;
    app.canvas?.emitBeforeChange?.();
    for (const field of changed) {
      const widget = this.widget(field);
      widget.value = texts[FIELDS.indexOf(field)];
      widget.callback?.(widget.value, app.canvas, this.node);
    }
    this.isWriting = false;
    // ComfyUI's own undo takes a step here, as after the mouse.
    app.canvas?.emitAfterChange?.();
    this.node.setDirtyCanvas(true, true);
  }
}
