// The tools that point: clicks, a box, and a brush. Each hears where the pad is pressed, moved and lifted.

import { make, say } from "./dom.js";
import { place } from "./pad.js";
import { isPending, isWhole, promptKey } from "./state.js";

const round = ([x, y]) => [Math.round(x * 10) / 10, Math.round(y * 10) / 10];

/** What clicks and boxes have in common: their veil is the soft mask of the prompt. */
class Prompting {
  constructor(workshop, stage) {
    this.workshop = workshop;
    this.stage = stage;
  }

  get picture() {
    return this.workshop.selected;
  }

  prompt(changes) {
    const { prompt } = this.picture.state;
    // Words say what is meant; a box and clicks say where. Only one of them counts.
    this.workshop.change(this.picture, { prompt: Object.freeze({ ...prompt, text: "", ...changes }) });
  }

  /** What is under the veil: {mask, strokes}; null as long as it is not known. */
  async veil(picture) {
    const { prompt, strokes, cut } = picture.state;
    if (isWhole(prompt) && promptKey(prompt) !== promptKey(cut.prompt)) {
      const mask = await this.workshop.maskOf(picture, prompt).catch(() => null);
      return mask && { mask, strokes: [] };
    }
    const mask = await this.workshop.maskUnderStrokes(picture);
    return mask && { mask, strokes };
  }

  mark(picture, place_) {
    const { width, height } = this.stage.size;
    const { box, points } = picture.state.prompt;
    const marks = points.map(([x, y, label]) => {
      const mark = make("i", { class: label ? "dot plus" : "dot minus" });
      place(mark, { left: x / width, top: y / height });
      return mark;
    });
    if (box) marks.push(boxMark(box, width, height));
    place_.replaceChildren(...marks);
  }
}

function boxMark([x0, y0, x1, y1], width, height) {
  const mark = make("i", { class: "box-mark" });
  place(mark, { left: x0 / width, top: y0 / height, width: (x1 - x0) / width, height: (y1 - y0) / height });
  return mark;
}

export class Clicking extends Prompting {
  name = "point";
  isClick = true;
  isOther = false;
  help = "The picture. The arrow keys move a cross. Enter clicks on the subject, Shift and Enter beside it.";

  start(at, { isOther }) {
    this.label = isOther !== this.isOther ? 0 : 1;
  }

  move() {}

  end(at) {
    const { points } = this.picture.state.prompt;
    const [x, y] = round([Math.min(at[0], this.stage.size.width - 0.1), Math.min(at[1], this.stage.size.height - 0.1)]);
    this.prompt({ points: [...points, [x, y, this.label]] });
    say(this.label ? "Clicked on the subject." : "Clicked beside the subject.");
  }
}

export class Boxing extends Prompting {
  name = "box";
  help = "The picture. The arrow keys move a cross. Enter begins the box, and Enter again ends it.";

  start(at) {
    this.corner = at;
  }

  move(at) {
    const { width, height } = this.stage.size;
    this.stage.marks.replaceChildren(boxMark(this.#box(at), width, height));
  }

  end(at) {
    const box = this.#box(at).map((value) => Math.round(value));
    // A click is no box.
    if (box[2] - box[0] < 4 || box[3] - box[1] < 4) return this.cancel();
    this.prompt({ box, points: [] });
    return say("The box is drawn.");
  }

  cancel() {
    this.mark(this.picture, this.stage.marks);
  }

  #box([x, y]) {
    const [x0, y0] = this.corner;
    return [Math.min(x0, x), Math.min(y0, y), Math.max(x0, x), Math.max(y0, y)];
  }
}

export class Brushing {
  name = "brush";
  isOther = false;
  share = 0.06; // of the picture's longer side
  help = "The picture. The arrow keys move the brush. Enter sets it down, and Enter again lifts it. Shift and Enter paint the other way.";

  constructor(workshop, stage) {
    this.workshop = workshop;
    this.stage = stage;
  }

  get size() {
    const { width, height } = this.stage.size;
    return Math.max(1, Math.round(this.share * Math.max(width, height)));
  }

  async veil(picture) {
    const mask = await this.workshop.maskUnderStrokes(picture);
    return mask && { mask, strokes: picture.state.strokes };
  }

  mark(picture, marks) {
    marks.replaceChildren();
  }

  start(at, { isOther }) {
    this.stroke = { erase: isOther !== this.isOther, size: this.size, path: [round(at)] };
    this.stage.paint(this.stroke, 0);
  }

  move(at) {
    const { path } = this.stroke;
    const [x, y] = round(at);
    const [lastX, lastY] = path[path.length - 1];
    if (Math.hypot(x - lastX, y - lastY) < 0.5) return;
    path.push([x, y]);
    this.stage.paint(this.stroke, path.length - 1);
  }

  end(at) {
    this.move(at);
    const picture = this.workshop.selected;
    const { prompt, cut, strokes } = picture.state;
    const stroke = Object.freeze(this.stroke);
    // The brush goes over the result that is shown: a prompt that was not cut out yet is given up.
    this.workshop.change(picture, { prompt: isPending({ prompt, cut, strokes }) ? cut.prompt : prompt, strokes: Object.freeze([...strokes, stroke]) });
    say(stroke.erase ? "Painted: taken away." : "Painted: added.");
  }

  cancel() {
    this.stage.restore();
  }
}
