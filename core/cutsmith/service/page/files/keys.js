// The keys of the page, and the list of them.

import { $, make } from "./dom.js";

const TOLD = [
  ["V", "compare before and after"],
  ["C, B, P", "click, box, brush"],
  ["X", "change the click’s or the brush’s meaning"],
  ["[ and ]", "smaller and larger brush"],
  ["Arrow keys", "on the picture: move the cross; on the slider: slide; in the list: the next picture"],
  ["Enter", "on the picture: click, begin and end a box, set down and lift the brush"],
  ["Ctrl+Enter", "cut out, or refine"],
  ["Ctrl+Z, Ctrl+Shift+Z", "undo, redo"],
  ["J, K", "next and previous picture"],
  ["/", "words"],
  ["D", "download"],
  ["+, -, 0", "zoom in, zoom out, fit"],
  ["Delete", "take the picture off the list"],
  ["Escape", "leave the tool"],
  ["?", "this help"],
];

/** Hear the keys; `acts` are what they do, by name. */
export function hearKeys(acts) {
  $("keys").append(...TOLD.flatMap(([keys, text]) => [make("dt", {}, make("kbd", {}, keys)), make("dd", {}, text)]));
  $("ask").addEventListener("click", () => $("help").showModal());
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
    const act = acts[nameOf(event)];
    if (!act || (isWriting(event.target) && !event.ctrlKey && !event.metaKey)) return;
    // In a field, Ctrl+Z is the field's own.
    if (isWriting(event.target) && event.key !== "Enter") return;
    event.preventDefault();
    act();
  });
}

function nameOf(event) {
  if (event.altKey) return "";
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return `Ctrl+${event.shiftKey ? "Shift+" : ""}${key}`;
  return key;
}

function isWriting(element) {
  return element instanceof HTMLInputElement ? !["radio", "range", "checkbox"].includes(element.type) : element instanceof HTMLSelectElement;
}
