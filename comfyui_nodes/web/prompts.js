/** Fields of several lines: a few words go into them, so they take a few lines, however tall the node is. */

const LEAST_HEIGHT = 76;
const MOST_HEIGHT = 112;

/** Limit the fields of `node` in the canvas renderer. In Nodes 2.0, cutsmith.css does. */
export function keepPromptsLow(node) {
  for (const widget of node.widgets ?? []) {
    if (widget.type !== "customtext") continue;
    widget.options.getMinHeight = () => LEAST_HEIGHT;
    widget.options.getMaxHeight = () => MOST_HEIGHT;
  }
}
