/** The lists of models show which are not on disk, and their sizes. The values, which workflows save, stay as they are. */

import { app } from "../../scripts/app.js";

/** For each of our nodes' types: what is shown in place of a value. */
const labels = new Map();

const remember = (type, definition) => {
  const settings = definition?.input?.required?.model?.[1];
  if (settings?.cutsmith_labels) labels.set(type, settings.cutsmith_labels);
};

app.registerExtension({
  name: "Cutsmith.ModelLabels",

  beforeRegisterNodeDef(nodeType, definition) {
    remember(definition.name, definition);
  },

  /** The definitions were read again (the key R): files may have come. */
  refreshComboInNodes(definitions) {
    for (const type of labels.keys()) remember(type, definitions[type]);
  },

  nodeCreated(node) {
    if (!labels.has(node.comfyClass)) return;
    const widget = node.widgets?.find((each) => each.name === "model");
    if (widget) widget.options.getOptionLabel = (value) => labels.get(node.comfyClass)[value] ?? value ?? "";
  },
});
