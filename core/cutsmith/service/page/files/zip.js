// Writes a zip without packing: pictures are packed already.

import { crc32 } from "./crc32.js";

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 20;
const UTF8 = 0x0800;
const MOST_BYTES = 0xffffffff;
const MOST_FILES = 0xffff;

/** A zip of `files`, each {name, blob}, as a Blob. Throws RangeError where they are too many, or too large, for one. */
export async function zipOf(files, moment = new Date()) {
  if (files.length >= MOST_FILES) throw new RangeError("too many files for one zip");
  const [time, date] = dosTime(moment);
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, blob } of files) {
    const path = new TextEncoder().encode(name);
    const sum = crc32(new Uint8Array(await blob.arrayBuffer()));
    const facts = [VERSION, UTF8, 0, time, date];
    const header = record([4, LOCAL], ...facts.map((each) => [2, each]), [4, sum], [4, blob.size], [4, blob.size], [2, path.length], [2, 0]);
    directory.push(
      record(
        [4, CENTRAL], [2, VERSION], ...facts.map((each) => [2, each]), [4, sum], [4, blob.size], [4, blob.size],
        [2, path.length], [2, 0], [2, 0], [2, 0], [2, 0], [4, 0], [4, offset],
      ),
      path,
    );
    parts.push(header, path, blob);
    offset += header.length + path.length + blob.size;
    if (offset > MOST_BYTES) throw new RangeError("too many bytes for one zip");
  }
  const size = directory.reduce((sum, each) => sum + each.length, 0);
  if (offset + size > MOST_BYTES) throw new RangeError("too many bytes for one zip");
  const count = files.length;
  const end = record([4, END], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
  return new Blob([...parts, ...directory, end], { type: "application/zip" });
}

/** Numbers of 2 or 4 bytes, the least byte first. */
function record(...fields) {
  const made = new DataView(new ArrayBuffer(fields.reduce((sum, [bytes]) => sum + bytes, 0)));
  let at = 0;
  for (const [bytes, value] of fields) {
    if (bytes === 2) made.setUint16(at, value, true);
    else made.setUint32(at, value, true);
    at += bytes;
  }
  return new Uint8Array(made.buffer);
}

function dosTime(moment) {
  const year = Math.min(2107, Math.max(1980, moment.getFullYear()));
  return [
    (moment.getHours() << 11) | (moment.getMinutes() << 5) | (moment.getSeconds() >> 1),
    ((year - 1980) << 9) | ((moment.getMonth() + 1) << 5) | moment.getDate(),
  ];
}

/** `wanted`, or with a number where that name is taken already; names that differ in case alone count as the same. */
export function distinct(wanted, taken) {
  const dot = wanted.lastIndexOf(".");
  const [stem, suffix] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
  let name = wanted;
  for (let number = 2; taken.has(name.toLowerCase()); number++) name = `${stem} (${number})${suffix}`;
  taken.add(name.toLowerCase());
  return name;
}
