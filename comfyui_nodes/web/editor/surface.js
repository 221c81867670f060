/** The picture with the marks drawn on it, as SVG, so that it stays sharp at every zoom. */

import { html, svg } from "../elements.js";
import { BOXES, FIELDS, POSITIVE } from "./marks.js";

// In pixels of the page, before ComfyUI's zoom.
const POINT_REACH = 10;
const BORDER_REACH = 5;
const TAB = { width: 20, height: 17 };

export class Surface {
  constructor() {
    this.image = svg("image", { preserveAspectRatio: "none" });
    this.layer = svg("g");
    this.canvas = svg("svg", { "aria-hidden": "true" }, this.image, this.layer);
    this.element = html(
      "div",
      { class: "cutsmith-surface", tabindex: "0", role: "application", "data-testid": "cutsmith-surface" },
      this.canvas,
    );
    this.clear();
  }

  clear() {
    this.width = this.height = 0;
    this.layer.replaceChildren();
    this.image.removeAttribute("href");
  }

  show(url, width, height) {
    Object.assign(this, { width, height });
    for (const [name, value] of Object.entries({ href: url, width, height })) this.image.setAttribute(name, value);
    this.canvas.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  /** How many pixels of the picture one pixel of the page covers. */
  get unit() {
    const { clientWidth, clientHeight } = this.element;
    return clientWidth && clientHeight ? Math.max(this.width / clientWidth, this.height / clientHeight) || 1 : 1;
  }

  /** Where the pointer is, in pixels of the picture; it may lie outside. */
  at({ clientX, clientY }) {
    const page = this.element.getBoundingClientRect();
    const unit = Math.max(this.width / page.width, this.height / page.height);
    return {
      x: (clientX - page.left - page.width / 2) * unit + this.width / 2,
      y: (clientY - page.top - page.height / 2) * unit + this.height / 2,
    };
  }

  contains({ x, y }) {
    return x >= 0 && y >= 0 && x < this.width && y < this.height;
  }

  /** The pixel at `place`, or the nearest one of the picture. */
  pixel({ x, y }) {
    const within = (value, size) => Math.min(Math.max(Math.floor(value), 0), size - 1);
    return { x: within(x, this.width), y: within(y, this.height) };
  }

  /** The box from one place to another, with all pixels that it touches; null if it lies outside the picture. */
  box(one, other) {
    const [x, x1] = span(one.x, other.x, this.width);
    const [y, y1] = span(one.y, other.y, this.height);
    return x1 > x && y1 > y ? { x, y, width: x1 - x, height: y1 - y } : null;
  }

  /** The topmost mark at `place` as {field, number}, or null: points first, boxes by their border or their number. */
  markAt(place, marks) {
    const { unit } = this;
    for (const field of [...FIELDS].filter((each) => each !== BOXES).reverse()) {
      const number = (marks[field] ?? []).findLastIndex(
        (mark) => Math.hypot(place.x - mark.x - 0.5, place.y - mark.y - 0.5) <= POINT_REACH * unit,
      );
      if (number >= 0) return { field, number };
    }
    const number = (marks[BOXES] ?? []).findLastIndex((box) => onBox(place, box, unit));
    return number >= 0 ? { field: BOXES, number } : null;
  }

  /** Draw `marks`; `active` is the mark under the pointer, `draft` the box being drawn, `cursor` the keyboard's. */
  draw(marks, { active, draft, cursor }) {
    const { unit } = this;
    this.layer.style.setProperty("--unit", unit);
    const isActive = (field, number) => active?.field === field && active.number === number;
    const boxes = (marks[BOXES] ?? []).map((box, number) => boxOf(box, unit, number + 1, isActive(BOXES, number)));
    const points = FIELDS.filter((field) => field !== BOXES).flatMap((field) =>
      (marks[field] ?? []).map((mark, number) => pointOf(mark, unit, field === POSITIVE, isActive(field, number))),
    );
    this.layer.replaceChildren(
      ...boxes,
      ...(draft ? [boxOf(draft, unit, "", false)] : []),
      ...points,
      ...(cursor ? [crosshairOf(cursor, unit)] : []),
    );
  }
}

function span(one, other, size) {
  const within = (value) => Math.min(Math.max(value, 0), size);
  return [Math.floor(within(Math.min(one, other))), Math.ceil(within(Math.max(one, other)))];
}

function onBox(place, box, unit) {
  const reach = BORDER_REACH * unit;
  const outside = Math.max(box.x - place.x, place.x - box.x - box.width, box.y - place.y, place.y - box.y - box.height);
  const onTab =
    place.x >= box.x && place.x <= box.x + TAB.width * unit && place.y >= box.y && place.y <= box.y + TAB.height * unit;
  return onTab || Math.abs(outside) <= reach;
}

const placed = (x, y, unit) => `translate(${x} ${y}) scale(${unit})`;

function pointOf(mark, unit, isPositive, isActive) {
  const kind = isPositive ? "is-positive" : "is-negative";
  const sign = isActive ? "M-3.5-3.5 3.5 3.5M-3.5 3.5 3.5-3.5" : isPositive ? "M-4.5 0H4.5M0-4.5V4.5" : "M-4.5 0H4.5";
  return svg(
    "g",
    { class: `cutsmith-mark ${kind}`, transform: placed(mark.x + 0.5, mark.y + 0.5, unit) },
    svg("circle", { r: isActive ? 10 : 8.5 }),
    svg("path", { d: sign }),
  );
}

function boxOf({ x, y, width, height }, unit, label, isActive) {
  const frame = (kind) => svg("rect", { class: kind, x, y, width, height });
  const tab = svg(
    "g",
    { class: "cutsmith-tab", transform: placed(x, y, unit) },
    svg("rect", TAB),
    svg("text", { x: TAB.width / 2, y: 12.5, "text-anchor": "middle" }, isActive ? "×" : String(label)),
  );
  const kind = `cutsmith-mark is-box${isActive ? " is-active" : ""}`;
  return svg("g", { class: kind }, frame("cutsmith-casing"), frame("cutsmith-frame"), ...(label ? [tab] : []));
}

const crosshairOf = ({ x, y }, unit) =>
  svg(
    "g",
    { class: "cutsmith-crosshair", transform: placed(x + 0.5, y + 0.5, unit) },
    svg("path", { d: "M-14 0H-4M4 0H14M0-14V-4M0 4V14" }),
  );
