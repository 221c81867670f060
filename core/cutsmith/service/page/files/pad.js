// Where the tools hear the pointer and the keys: both move a point over the picture, press it down and lift it.

import { make } from "./dom.js";

const STEP = 0.02; // of the picture's longer side, for an arrow key
const FINE_STEP = 0.002; // with Alt

export class Pad {
  constructor(stage) {
    this.stage = stage;
    this.cross = make("i", { class: "cross", hidden: true });
    this.ring = make("i", { class: "ring", hidden: true });
    this.element = make("div", { class: "pad", tabindex: 0, role: "application", hidden: true }, this.cross, this.ring);
    this.tool = null;
    this.isDown = false;
    this.at = null;
    const hears = (name, act) => this.element.addEventListener(name, act);
    hears("pointerdown", (event) => this.#press(event));
    hears("pointermove", (event) => this.#move(event));
    hears("pointerup", (event) => this.#lift(event));
    hears("pointercancel", () => this.#giveUp());
    hears("pointerleave", () => (this.ring.hidden = true));
    hears("contextmenu", (event) => event.preventDefault());
    hears("keydown", (event) => this.#key(event));
    hears("focus", () => this.element.matches(":focus-visible") && this.#showCross());
    hears("blur", () => {
      this.cross.hidden = true;
      if (this.isDown) this.#giveUp();
    });
  }

  use(tool) {
    if (this.isDown) this.#giveUp();
    this.tool = tool;
    this.at = null;
    this.cross.hidden = true;
    this.ring.hidden = true;
    this.element.hidden = !tool;
    this.element.setAttribute("aria-label", tool?.help ?? "");
    this.element.dataset.tool = tool?.name ?? "";
  }

  #press(event) {
    if (this.isDown || (event.button !== 0 && event.button !== 2)) return;
    // preventDefault keeps the focus away, and with it the keys.
    event.preventDefault();
    this.element.focus({ preventScroll: true, focusVisible: false });
    this.cross.hidden = true;
    this.element.setPointerCapture(event.pointerId);
    this.isDown = true;
    this.tool.start(this.stage.pointAt(event.clientX, event.clientY), { isOther: event.shiftKey || event.altKey || event.button === 2 });
  }

  #move(event) {
    this.at = this.stage.pointAt(event.clientX, event.clientY);
    this.#place(this.ring, this.tool.size);
    if (!this.isDown) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const each of events.length ? events : [event]) this.tool.move(this.stage.pointAt(each.clientX, each.clientY));
  }

  #lift(event) {
    if (!this.isDown) return;
    this.isDown = false;
    this.tool.end(this.stage.pointAt(event.clientX, event.clientY));
  }

  #giveUp() {
    this.isDown = false;
    this.tool?.cancel?.();
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey) return;
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (way) {
      const { width, height } = this.stage.size;
      const step = (event.altKey ? FINE_STEP : STEP) * Math.max(width, height);
      const [x, y] = this.at ?? [width / 2, height / 2];
      const within = (value, most) => Math.min(most, Math.max(0, value));
      this.at = [within(x + way[0] * step, width), within(y + way[1] * step, height)];
      this.#showCross();
      if (this.isDown) this.tool.move(this.at);
    } else if (event.key === "Enter" || event.key === " ") {
      this.at ??= [this.stage.size.width / 2, this.stage.size.height / 2];
      this.#showCross();
      if (this.isDown) {
        this.isDown = false;
        this.tool.end(this.at);
      } else {
        this.isDown = true;
        this.tool.start(this.at, { isOther: event.shiftKey });
        if (this.tool.isClick) {
          this.isDown = false;
          this.tool.end(this.at);
        }
      }
    } else if (event.key === "Escape" && this.isDown) {
      this.#giveUp();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  #showCross() {
    this.at ??= [this.stage.size.width / 2, this.stage.size.height / 2];
    this.cross.hidden = false;
    this.#place(this.cross, 0);
    if (this.tool?.size) this.#place(this.ring, this.tool.size);
  }

  #place(mark, size) {
    if (size === undefined) return;
    const { width, height } = this.stage.size;
    mark.hidden = false;
    place(mark, { left: this.at[0] / width, top: this.at[1] / height });
    if (size) mark.style.setProperty("width", `${(100 * size) / width}%`);
  }

  /** Show the ring at its new size. */
  resize() {
    if (!this.ring.hidden && this.at) this.#place(this.ring, this.tool.size);
  }
}

/** Place a mark by shares of the board. */
export function place(mark, shares) {
  for (const [side, share] of Object.entries(shares)) mark.style.setProperty(side, `${share * 100}%`);
}
