/** What a run tells, as lines of text on its node. */

import { html } from "./elements.js";

const MARGIN = 10;
// The canvas renderer puts 4 pixels under each widget.
const GAP = 4;
const PROGRESS_TEXT = "$$node-text-preview";

/** Add the block of text to `node`. It takes no room while it is empty. */
export function addNotices(node) {
  const lines = html("div", { class: "cutsmith-notices-lines", role: "status" });
  const element = html("div", { class: "cutsmith-notices", "data-node": node.comfyClass }, lines);
  const widget = node.addDOMWidget("cutsmith_notices", "cutsmith_notices", element, {
    serialize: false,
    hideInPanel: true,
    hideOnZoom: false,
    margin: MARGIN,
    // The canvas renderer makes room for previews while it draws, and would show the node's old size until the next move.
    afterResize: () => requestAnimationFrame(() => node.setDirtyCanvas(true, true)),
  });
  widget.serialize = false;
  // As high as its text, in both renderers: else spare room would be shared with it.
  widget.computeLayoutSize = undefined;
  let height = 0;
  widget.computeSize = () => [0, height ? height + 2 * MARGIN - GAP : -GAP];
  widget.hidden = true;
  new ResizeObserver(() => {
    if (!lines.offsetHeight || lines.offsetHeight === height) return;
    height = lines.offsetHeight;
    node.setDirtyCanvas(true, true);
  }).observe(lines);

  const show = ({ text }) => {
    removeProgressText(node);
    const told = (Array.isArray(text) ? text : [text]).filter(Boolean);
    lines.replaceChildren(...told.map((line) => html("p", {}, String(line))));
    element.classList.toggle("is-empty", !told.length);
    widget.hidden = !told.length;
    height = told.length ? lines.offsetHeight || height || 24 * told.length : 0;
    node.setDirtyCanvas(true, true);
  };
  show({});
  return { show, refresh() {} };
}

/** Remove ComfyUI's own line on what the run is waiting for: ComfyUI leaves it on the node when the run is over. */
function removeProgressText(node) {
  const widget = node.widgets.find(({ name }) => name === PROGRESS_TEXT);
  if (widget) node.removeWidget(widget);
}
