// Masks of a picture's size, a byte a pixel: read from results, painted on, shown as a veil, and sent as gray PNGs.

import { grayPng } from "./gray_png.js";

/** A mask of nothing. */
export function emptyMask({ width, height }) {
  return { width, height, data: new Uint8Array(width * height) };
}

/** The alpha of a result. */
export const maskOfAlpha = (blob) => channelOf(blob, 3);

/** A gray picture as a mask. */
export const maskOfGray = (blob) => channelOf(blob, 0);

async function channelOf(blob, channel) {
  const bitmap = await createImageBitmap(blob, { premultiplyAlpha: "none", colorSpaceConversion: "none" });
  const { width, height } = bitmap;
  const context = sheet(width, height);
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const pixels = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height);
  for (let at = 0, from = channel; at < data.length; at++, from += 4) data[at] = pixels[from];
  return { width, height, data };
}

function sheet(width, height) {
  return new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
}

/** The mask with strokes painted over it. */
export function painted(mask, strokes) {
  const { width, height } = mask;
  const context = sheet(width, height);
  context.putImageData(inked(mask, [255, 255, 255]), 0, 0);
  for (const stroke of strokes) drawStroke(context, stroke, "#fff");
  const pixels = context.getImageData(0, 0, width, height).data;
  const data = new Uint8Array(width * height);
  for (let at = 0, from = 3; at < data.length; at++, from += 4) data[at] = pixels[from];
  return { width, height, data };
}

/** Draw a stroke in pixels of the picture; `from` leaves out what was drawn before that point of its path. */
export function drawStroke(context, { erase, size, path }, colour, from = 0) {
  context.save();
  context.globalCompositeOperation = erase ? "destination-out" : "source-over";
  context.strokeStyle = colour;
  context.lineWidth = size;
  context.lineCap = "round";
  context.lineJoin = "round";
  context.beginPath();
  const start = Math.max(0, from - 1);
  context.moveTo(...path[start]);
  if (path.length === 1) context.lineTo(path[0][0] + 0.01, path[0][1]);
  for (const point of path.slice(start + 1)) context.lineTo(...point);
  context.stroke();
  context.restore();
}

/** Draw a mask in one colour over all of `canvas`, whose own size may be another. */
export function drawMask(canvas, mask, colour) {
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const inks = sheet(mask.width, mask.height);
  inks.putImageData(inked(mask, colour), 0, 0);
  context.drawImage(inks.canvas, 0, 0, canvas.width, canvas.height);
}

function inked({ width, height, data }, [red, green, blue]) {
  const image = new ImageData(width, height);
  for (let at = 0, to = 0; at < data.length; at++, to += 4) {
    image.data[to] = red;
    image.data[to + 1] = green;
    image.data[to + 2] = blue;
    image.data[to + 3] = data[at];
  }
  return image;
}

/** The mask as a file. */
export const maskFile = async (mask) => new File([await grayPng(mask)], "mask.png", { type: "image/png" });
