// The selected picture: before and after with a slider, or the picture under a veil of what is cut out.

import { $, make } from "./dom.js";
import { drawMask, drawStroke, painted } from "./masks.js";
import { Pad } from "./pad.js";
import { colourOf, hasOwnFrame } from "./state.js";

const VEIL = [58, 126, 255];
const LONGEST_VEIL = 1600;
const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];

export class Stage {
  constructor(workshop) {
    this.workshop = workshop;
    this.ground = make("img", { class: "ground", alt: "" });
    this.after = make("img", { class: "after", alt: "", draggable: "false" });
    this.before = make("img", { class: "before", alt: "", draggable: "false" });
    this.veil = make("canvas", { class: "veil", "aria-hidden": "true" });
    this.marks = make("div", { class: "marks", "aria-hidden": "true" });
    this.range = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "Before and after" });
    this.pad = new Pad(this);
    this.told = make("p", { class: "told" });
    this.spinner = make("div", { class: "spinner", "aria-hidden": "true" });
    this.board = make("div", { class: "board" }, this.ground, this.after, this.before, this.veil, make("i", { class: "line" }), this.range, this.marks, this.pad.element);
    $("stage").append(make("div", { class: "scroll" }, this.board), this.told, this.spinner);
    this.range.addEventListener("input", () => this.slide(Number(this.range.value)));
    for (const image of [this.before, this.after]) {
      image.addEventListener("load", () => this.#fit());
      image.addEventListener("error", () => this.#fails(image));
    }
    this.zoom = 0;
    this.tool = null; // null compares
    this.slide(50);
  }

  slide(percentage) {
    this.range.value = percentage;
    this.range.setAttribute("aria-valuetext", `${percentage}% before, the rest after`);
    this.board.style.setProperty("--split", `${percentage}%`);
  }

  /** Zoom by steps; 0 fits the picture again. */
  zoomBy(steps) {
    this.zoom = steps === 0 ? 0 : Math.min(ZOOMS.length - 1, Math.max(0, this.zoom + steps));
    this.board.style.setProperty("--zoom", ZOOMS[this.zoom]);
    $("fit").textContent = this.zoom ? `${ZOOMS[this.zoom] * 100}%` : "Fit";
  }

  use(tool) {
    this.tool = tool;
    this.pad.use(tool);
    this.show();
  }

  /** Show the selected picture as its state is now. */
  show() {
    const picture = this.workshop.selected;
    if (!picture) return;
    if (this.picture !== picture) this.#begin(picture);
    const { state } = picture;
    const cut = picture.cut;
    const isFramed = !hasOwnFrame(state) && !this.tool;
    const wanted = isFramed ? this.workshop.framed(picture) : cut;
    const isFailed = Boolean(isFramed ? this.workshop.framedFailure(picture) : picture.failure);
    // Until a new result is there, the one before stays.
    if (wanted) this.last = { picture, isFramed, result: wanted };
    const isLasting = !wanted && !isFailed && this.last?.picture === picture && this.last.isFramed === isFramed;
    const shown = wanted ?? (isLasting ? this.last.result : undefined);
    this.board.classList.toggle("pointing", Boolean(this.tool));
    this.board.classList.toggle("framed", isFramed);
    this.board.classList.toggle("no-after", !shown);
    this.range.disabled = !shown || isFramed;
    this.#load(this.after, shown?.url ?? "");
    this.after.alt = shown ? `Result of ${picture.title}` : "";
    this.before.alt = `Before: ${picture.title}`;
    this.#showGround(state.background, isFramed);
    this.#tellWhatIsMissing(picture, shown, isFramed);
    this.#showVeil(picture);
    this.tool?.mark?.(picture, this.marks);
    if (!this.tool) this.marks.replaceChildren();
    this.#fit();
  }

  #begin(picture) {
    this.picture = picture;
    this.veilKey = null;
    this.zoomBy(0);
    this.slide(50);
    this.board.classList.remove("no-before");
    this.#load(this.before, picture.before);
  }

  #load(image, address) {
    if ((image.getAttribute("src") ?? "") === address) return;
    if (address) image.src = address;
    else image.removeAttribute("src");
  }

  #fails(image) {
    if (!image.getAttribute("src")) return;
    if (image === this.before) this.board.classList.add("no-before");
    this.#fit();
  }

  /** The background that the result is saved with; in a frame it is part of the result already. */
  #showGround(background, isFramed) {
    const colour = isFramed ? "" : colourOf(background);
    this.board.classList.toggle("checker", isFramed || background.kind === "none");
    this.board.style.setProperty("--ground", colour || "transparent");
    if (background.file && this.groundFile !== background.file) {
      URL.revokeObjectURL(this.groundAddress);
      this.groundFile = background.file;
      this.groundAddress = URL.createObjectURL(background.file);
    }
    this.#load(this.ground, !isFramed && background.kind === "picture" && background.file ? this.groundAddress : "");
  }

  #tellWhatIsMissing(picture, shown, isFramed) {
    const failure = isFramed ? this.workshop.framedFailure(picture) : undefined;
    const isBusy = picture.running.size > 0;
    $("stage").classList.toggle("busy", isBusy);
    $("stage").setAttribute("aria-busy", String(isBusy));
    const noPreview = this.board.classList.contains("no-before") && !shown;
    this.told.textContent = failure ? [failure.what, failure.remedy].join(" ") : noPreview ? "This browser does not show files of this kind. The result will be shown." : "";
  }

  /** The board takes the shape of what is shown; before and after have the same. */
  #fit() {
    const isFramed = this.board.classList.contains("framed");
    const of = (image) => (image.getAttribute("src") && image.naturalWidth ? { width: image.naturalWidth, height: image.naturalHeight } : null);
    const own = of(this.before) ?? this.picture?.size ?? (isFramed ? null : of(this.after));
    if (own && this.picture && !this.picture.size) this.picture.size = own;
    const size = (isFramed && of(this.after)) || own || { width: 3, height: 2 };
    this.size = own ?? size;
    $("stage").style.setProperty("--ratio", (size.width / size.height).toFixed(5));
  }

  /** A point of the screen in pixels of the picture. */
  pointAt(clientX, clientY) {
    const box = this.board.getBoundingClientRect();
    const within = (value, most) => Math.min(most, Math.max(0, value));
    return [within(((clientX - box.left) / box.width) * this.size.width, this.size.width), within(((clientY - box.top) / box.height) * this.size.height, this.size.height)];
  }

  get scale() {
    return this.size.width / this.board.getBoundingClientRect().width;
  }

  async #showVeil(picture) {
    this.veil.hidden = !this.tool;
    if (!this.tool) return;
    const { state } = picture;
    const wanted = await this.tool.veil(picture);
    if (wanted === null || picture !== this.workshop.selected || !this.tool) return;
    const { mask, strokes } = wanted;
    const isSame = this.veilMask === mask && this.veilStrokes === strokes && this.veilKey === picture;
    if (isSame || (state !== picture.state && state.strokes !== picture.state.strokes)) return;
    Object.assign(this, { veilMask: mask, veilStrokes: strokes, veilKey: picture });
    const share = Math.min(1, LONGEST_VEIL / Math.max(mask.width, mask.height));
    this.veil.width = Math.max(1, Math.round(mask.width * share));
    this.veil.height = Math.max(1, Math.round(mask.height * share));
    this.veilShare = share;
    drawMask(this.veil, strokes.length ? painted(mask, strokes) : mask, VEIL);
  }

  /** Draw a stroke that is being painted, from that point of its path on. */
  paint(stroke, from) {
    const context = this.veil.getContext("2d");
    context.setTransform(this.veilShare, 0, 0, this.veilShare, 0, 0);
    drawStroke(context, stroke, `rgb(${VEIL.join(" ")})`, from);
    context.setTransform(1, 0, 0, 1, 0, 0);
  }

  /** Draw the veil anew, as when a stroke was given up. */
  restore() {
    this.veilKey = null;
    this.show();
  }
}
