/** Which picture the editor shows: the file of the Load Image that the input comes from, else the last run's input. */

import { api } from "../../../scripts/api.js";

// They show the file as it is, so that its pixels are the input's.
const LOADERS = ["LoadImage", "LoadImageOutput"];
const ANNOTATED = /^(.*?)(?: \[(input|output|temp)\])?$/s;

/** {url, width, height} of the picture; the sizes are missing where the file has them. null if there is none. */
export function pictureOf(node, lastRun) {
  const loader = loaderOf(node);
  const file = loader?.widgets?.find((widget) => widget.name === "image")?.value;
  if (typeof file === "string" && file) return { url: urlOfFile(file, loader.comfyClass) };
  if (!lastRun) return null;
  const { name, subfolder, type, width, height } = lastRun;
  return { url: urlOf({ filename: name, subfolder, type }), width, height };
}

function loaderOf(node) {
  // A node that is being made belongs to no workflow yet.
  if (!node.graph) return null;
  let slot = node.inputs?.findIndex((input) => input.name === "image") ?? -1;
  let source = node;
  while (source && slot >= 0) {
    const link = source.getInputLink?.(slot);
    source = source.getInputNode?.(slot);
    if (LOADERS.includes(source?.comfyClass)) return link?.origin_slot === 0 ? source : null;
    slot = source?.type === "Reroute" ? 0 : -1;
  }
  return null;
}

function urlOfFile(file, loader) {
  const [, path, named] = file.match(ANNOTATED);
  const cut = path.lastIndexOf("/");
  const type = named ?? (loader === "LoadImageOutput" ? "output" : "input");
  const place = { filename: path.slice(cut + 1), subfolder: path.slice(0, Math.max(cut, 0)), type };
  // ComfyUI's mask editor makes what was painted transparent; the node's input has its colours.
  return urlOf(path.startsWith("clipspace/") ? { ...place, channel: "rgb" } : place);
}

const urlOf = (file) => api.apiURL(`/view?${new URLSearchParams(file)}`);
