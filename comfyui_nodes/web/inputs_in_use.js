// Hides the inputs that have no effect with the choices made in others, as the nodes declare it (`used_if`; see
// comfyui_nodes/inputs_in_use.py): background_color is there only while background is "color".

import { app } from "../../scripts/app.js";

const conditionsOf = new Map(); // node id -> Map(input -> { other input: the values with which it has an effect })

function isMet(node, name, values) {
  const slot = node.inputs?.find((input) => input.name === name);
  // What a connected input will be is not known; null among the values stands for "not connected".
  if (slot?.link != null) return !values.includes(null);
  const widget = node.widgets?.find((each) => each.name === name);
  return values.includes(widget ? widget.value : null);
}

function setHidden(widget, hidden) {
  widget.hidden = hidden;
  // Nodes 2.0 looks at the options, in a copy that it follows.
  const followed = widget._state?.options ?? widget.options;
  followed.hidden = hidden;
}

function showThoseInUse(node) {
  let isChanged = false;
  for (const [name, conditions] of conditionsOf.get(node.comfyClass)) {
    const widget = node.widgets?.find((each) => each.name === name);
    const isLinked = node.inputs?.some((input) => input.name === name && input.link != null);
    if (!widget) continue;
    const isUsed = Object.entries(conditions).every(([other, values]) => isMet(node, other, values));
    const hidden = !isUsed && !isLinked;
    isChanged ||= Boolean(widget.hidden) !== hidden;
    // Even if nothing changes: what Nodes 2.0 follows may be that of an earlier node with the same number.
    setHidden(widget, hidden);
  }
  if (!isChanged) return;
  const [width, height] = node.computeSize();
  node.setSize([Math.max(node.size[0], width), Math.max(node.size[1], height)]);
  node.setDirtyCanvas?.(true, true);
}

function andThen(object, method, next) {
  const before = object[method];
  object[method] = function (...given) {
    const result = before?.apply(this, given);
    next();
    return result;
  };
}

app.registerExtension({
  name: "Cutsmith.InputsInUse",

  beforeRegisterNodeDef(nodeType, nodeData) {
    const inputs = { ...nodeData.input?.required, ...nodeData.input?.optional };
    const conditional = Object.entries(inputs).filter(([, [, options]]) => Object.keys(options?.used_if ?? {}).length);
    if (conditional.length) {
      conditionsOf.set(nodeData.name, new Map(conditional.map(([name, [, options]]) => [name, options.used_if])));
    }
  },

  nodeCreated(node) {
    if (!conditionsOf.has(node.comfyClass)) return;
    const update = () => showThoseInUse(node);
    const others = [...conditionsOf.get(node.comfyClass).values()].flatMap((conditions) => Object.keys(conditions));
    for (const widget of node.widgets ?? []) {
      if (others.includes(widget.name)) andThen(widget, "callback", update);
    }
    andThen(node, "onConnectionsChange", update);
    andThen(node, "onConfigure", update);
    // When it has its place in the graph, and with it what Nodes 2.0 follows.
    andThen(node, "onAdded", () => requestAnimationFrame(update));
    update();
  },
});
