// Gives workflows that were saved while the nodes had their widgets in another order the values of their own widgets.
// ComfyUI saves values in the widgets' order and without names; the names stand beside them, among the inputs.

import { app } from "../../scripts/app.js";

// The order before `background` went to the front. What is new since then is at the end.
const FORMER_ORDER = {
  CutsmithRembgCut:
    "model matting band_inner band_outer mask_blur mask_offset invert background background_color device " +
    "keep_model_loaded harden threshold looks matting_effort",
  CutsmithTrimapMatting:
    "band_inner band_outer matting refine_foreground mask_blur mask_offset invert background background_color harden " +
    "threshold matting_effort",
};

function valuesInOrder(saved, former, order) {
  const named = (saved.inputs ?? []).filter((input) => input.widget).map((input) => input.widget.name);
  // Widgets that were new when the workflow was saved may lack a name there; they were the last ones.
  const names = [...named, ...former.filter((name) => !named.includes(name))];
  const values = new Map(saved.widgets_values.map((value, place) => [names[place], value]));
  return order.map((name) => values.get(name));
}

app.registerExtension({
  name: "Cutsmith.SavedOrder",

  beforeRegisterNodeDef(nodeType, nodeData) {
    const former = FORMER_ORDER[nodeData.name]?.split(" ");
    if (!former) return;
    const configure = nodeType.prototype.configure;
    nodeType.prototype.configure = function (saved) {
      const order = (this.widgets ?? []).filter((widget) => widget.serialize !== false).map((widget) => widget.name);
      if (!Array.isArray(saved.widgets_values) || !order.length) return configure.call(this, saved);
      const known = new Map(this.widgets.map((widget) => [widget.name, widget.value]));
      const values = valuesInOrder(saved, former, order).map((value, place) =>
        value === undefined ? known.get(order[place]) : value,
      );
      return configure.call(this, { ...saved, widgets_values: values });
    };
  },
});
