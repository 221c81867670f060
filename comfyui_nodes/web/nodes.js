/** Finding nodes, also those inside subgraphs, and what their last run sent. */

import { app } from "../../scripts/app.js";

/** Every node of the workflow. */
export function* everyNode() {
  const root = app.rootGraph ?? app.graph;
  for (const graph of [root, ...(root?.subgraphs?.values() ?? [])]) yield* graph?.nodes ?? [];
}

/** The node that an execution id names, such as "7", or "3:7" for node 7 in the subgraph of node 3. */
export function nodeOfExecution(id) {
  let graph = app.rootGraph ?? app.graph;
  let node;
  for (const step of String(id ?? "").split(":")) {
    node = graph?.getNodeById(Number(step)) ?? graph?.getNodeById(step);
    graph = node?.subgraph;
  }
  return node ?? null;
}

/** What the last run of `node` sent to the page. */
export function outputsOf(node) {
  const { graph } = node;
  const inside = graph && graph !== graph.rootGraph && !graph.isRootGraph;
  return app.nodeOutputs?.[inside ? `${graph.id}:${node.id}` : node.id];
}
