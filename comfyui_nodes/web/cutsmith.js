/** Cutsmith in ComfyUI's page: what a run tells is shown on its node, and marks are drawn on a picture of the input. */

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { addEditor, takesMarks } from "./editor/editor.js";
import { everyNode, nodeOfExecution, outputsOf } from "./nodes.js";
import { addNotices } from "./notices.js";
import { keepPromptsLow } from "./prompts.js";

/** For each of our nodes, its parts: `show(outputs)` takes what its last run sent, `refresh()` looks at the graph again. */
const parts = new WeakMap();

const tell = (node, outputs) => parts.get(node)?.forEach((part) => part.show(outputs ?? {}));

app.registerExtension({
  name: "Cutsmith",

  setup() {
    const styles = document.createElement("link");
    styles.rel = "stylesheet";
    styles.href = new URL("./cutsmith.css", import.meta.url).href;
    document.head.append(styles);
    // The workflow changed: a text field, a link, the file of a Load Image.
    api.addEventListener("graphChanged", () => {
      for (const node of everyNode()) parts.get(node)?.forEach((part) => part.refresh());
    });
    // A run that failed told nothing: what the run before it told is out of date.
    for (const event of ["execution_error", "execution_interrupted"]) {
      api.addEventListener(event, ({ detail }) => tell(nodeOfExecution(detail?.node_id), {}));
    }
  },

  nodeCreated(node) {
    if (!node.comfyClass?.startsWith("Cutsmith")) return;
    keepPromptsLow(node);
    // Their widgets are not saved, and must stand behind all that are: a workflow holds widgets' values by their order.
    parts.set(node, [...(takesMarks(node) ? [addEditor(node)] : []), addNotices(node)]);
    const { onExecuted } = node;
    node.onExecuted = function (outputs) {
      onExecuted?.apply(this, arguments);
      tell(this, outputs);
    };
  },

  /** A workflow was opened, or ComfyUI's undo made its nodes anew. */
  loadedGraphNode(node) {
    if (parts.has(node)) tell(node, outputsOf(node));
  },

  /** Another run's outputs are shown: a tab or an entry of the history was opened. */
  onNodeOutputsUpdated() {
    for (const node of everyNode()) if (parts.has(node)) tell(node, outputsOf(node));
  },
});
