/** Turns the pointer and the keyboard into marks on the surface. */

import { app } from "../../../scripts/app.js";
import { BOXES, NEGATIVE, POSITIVE } from "./marks.js";

// A pointer that moves less than this, in pixels of the screen, clicks.
const CLICK_REACH = 4;
const MIDDLE = 1;
const STEPS_ACROSS = 50;

/** `editor` has surface, marks, add(), remove(), move() and look(), which draws what is hovered or being drawn. */
export function listen(editor) {
  pointer(editor);
  keyboard(editor);
}

function pointer(editor) {
  const { surface } = editor;
  const { element } = surface;
  let press = null;

  element.addEventListener("pointerdown", (event) => {
    if (event.button === MIDDLE) app.canvas.processMouseDown(event);
    if (event.button === MIDDLE || !surface.width || !event.isPrimary) return;
    const place = surface.at(event);
    press = { event, place, mark: surface.markAt(place, editor.marks), drags: false };
    element.setPointerCapture(event.pointerId);
    editor.look({ cursor: null });
  });

  element.addEventListener("pointermove", (event) => {
    if (event.buttons & 4) app.canvas.processMouseMove(event);
    const place = surface.at(event);
    if (!press) return editor.look({ active: surface.markAt(place, editor.marks) });
    const moved = Math.hypot(event.clientX - press.event.clientX, event.clientY - press.event.clientY);
    press.drags ||= moved > CLICK_REACH && press.event.button === 0;
    if (press.drags && press.mark) editor.drag(press.mark, offset(press.place, place));
    else if (press.drags) editor.look({ draft: surface.box(press.place, place), active: null });
  });

  element.addEventListener("pointerup", (event) => {
    if (event.button === MIDDLE) app.canvas.processMouseUp(event);
    if (!press || event.button !== press.event.button) return;
    const { place, mark, drags } = press;
    press = null;
    const now = surface.at(event);
    if (drags && mark) editor.move(mark, offset(place, now));
    else if (drags) editor.add(BOXES, surface.box(place, now));
    else if (mark) editor.remove(mark);
    else if (surface.contains(place)) editor.add(isOff(event) ? NEGATIVE : POSITIVE, surface.pixel(place));
    editor.look({ draft: null, active: surface.markAt(now, editor.marks) });
  });

  const abandon = () => {
    press = null;
    editor.look({ draft: null, active: null });
  };
  element.addEventListener("pointercancel", abandon);
  element.addEventListener("pointerleave", () => press || abandon());
  element.addEventListener("keydown", (event) => event.key === "Escape" && press && abandon());
  element.addEventListener("contextmenu", (event) => {
    event.preventDefault();
    event.stopPropagation();
  });
  // In Nodes 2.0 the node passes the wheel on; in the canvas renderer it would end here.
  element.addEventListener(
    "wheel",
    (event) => {
      if (element.closest("[data-node-id]")) return;
      event.preventDefault();
      app.canvas.processMouseWheel(event);
    },
    { passive: false },
  );
}

const offset = (from, to) => ({ x: to.x - from.x, y: to.y - from.y });
// On a Mac, Ctrl and a click are a right click.
const isOff = (event) => event.button === 2 || event.shiftKey || event.altKey || event.ctrlKey;

function keyboard(editor) {
  const { surface } = editor;
  let corner = null;

  // From the middle of one pixel to that of another: both are in it.
  const boxTo = ({ x, y }) => surface.box({ x: corner.x + 0.5, y: corner.y + 0.5 }, { x: x + 0.5, y: y + 0.5 });

  const moved = (key, isFine) => {
    const step = isFine ? 1 : Math.max(1, Math.round(Math.max(surface.width, surface.height) / STEPS_ACROSS));
    const cursor = editor.cursor ?? { x: surface.width / 2, y: surface.height / 2 };
    const across = { ArrowLeft: -step, ArrowRight: step }[key] ?? 0;
    const down = { ArrowUp: -step, ArrowDown: step }[key] ?? 0;
    const to = surface.pixel({ x: cursor.x + across, y: cursor.y + down });
    editor.look({
      cursor: to,
      active: surface.markAt(to, editor.marks),
      draft: corner && boxTo(to),
    });
  };

  const actions = {
    Enter: (cursor) => (corner ? endBox(cursor) : editor.add(POSITIVE, cursor)),
    "+": (cursor) => editor.add(POSITIVE, cursor),
    "-": (cursor) => editor.add(NEGATIVE, cursor),
    b: (cursor) => (corner ? endBox(cursor) : beginBox(cursor)),
    Delete: (cursor) => editor.remove(surface.markAt(cursor, editor.marks)),
    Backspace: (cursor) => editor.remove(surface.markAt(cursor, editor.marks)),
    Escape: () => beginBox(null),
  };
  const beginBox = (place) => {
    corner = place;
    editor.look({ draft: null });
  };
  const endBox = (cursor) => {
    editor.add(BOXES, boxTo(cursor));
    beginBox(null);
  };

  surface.element.addEventListener("keydown", (event) => {
    const { key, ctrlKey, metaKey, altKey } = event;
    const isArrow = key.startsWith("Arrow");
    if (!surface.width || ctrlKey || metaKey || altKey || !(isArrow || key in actions)) return;
    // Else ComfyUI would delete the node, or run one of its shortcuts.
    event.preventDefault();
    event.stopPropagation();
    if (isArrow) moved(key, event.shiftKey);
    else if (!editor.cursor) moved("", false);
    else actions[key](editor.cursor);
  });
  surface.element.addEventListener("blur", () => {
    corner = null;
    editor.look({ cursor: null, draft: null });
  });
}
