// Writes a mask as a gray PNG of 8 bits, without the colours and alpha that a canvas would add.

import { crc32 } from "./crc32.js";

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

export async function grayPng({ width, height, data }) {
  const rows = new Uint8Array((width + 1) * height); // each row begins with its filter: 0, none
  for (let row = 0; row < height; row++) rows.set(data.subarray(row * width, (row + 1) * width), row * (width + 1) + 1);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header[8] = 8; // bits; colour type 0 is gray, and all that follows is 0
  const pixels = new Uint8Array(await new Response(packed).arrayBuffer());
  return new Blob([new Uint8Array(SIGNATURE), chunk("IHDR", header), chunk("IDAT", pixels), chunk("IEND", new Uint8Array())], { type: "image/png" });
}

function chunk(kind, content) {
  const made = new Uint8Array(content.length + 12);
  const view = new DataView(made.buffer);
  view.setUint32(0, content.length);
  made.set(new TextEncoder().encode(kind), 4);
  made.set(content, 8);
  view.setUint32(content.length + 8, crc32(made.subarray(4, content.length + 8)));
  return made;
}
