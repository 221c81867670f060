// How pictures come in: dropped, pasted or chosen, one by one or by folders.

import { $, alarm, plural, say } from "./dom.js";

const SUFFIXES = /\.(avif|bmp|gif|heic|heif|jp2|jpe?g|jxl|png|tiff?|webp)$/i;
const DEEPEST = 20;

export class Intake {
  constructor(workshop, limits) {
    this.workshop = workshop;
    this.limits = limits; // () => the most bytes of a file
    $("files").accept = "image/*,.heic,.heif,.jxl,.jp2,.tif,.tiff";
    for (const id of ["choose", "add"]) $(id).addEventListener("click", () => $("files").click());
    $("choose-folder").addEventListener("click", () => $("folder").click());
    for (const id of ["files", "folder"]) {
      $(id).addEventListener("change", () => {
        this.take([...$(id).files].map((file) => ({ file, name: file.webkitRelativePath || file.name })));
        $(id).value = "";
      });
    }
    $("drop").addEventListener("click", (event) => {
      if (!event.target.closest("button")) $("files").click();
    });
    this.#hearDrops();
    addEventListener("paste", (event) => this.#paste(event));
  }

  #hearDrops() {
    // A file that misses its place must not take the page's.
    addEventListener("dragover", (event) => {
      event.preventDefault();
      if (hasFiles(event)) $("hover").hidden = false;
    });
    addEventListener("dragleave", (event) => {
      if (event.relatedTarget === null) $("hover").hidden = true;
    });
    addEventListener("dragend", () => ($("hover").hidden = true));
    addEventListener("drop", async (event) => {
      event.preventDefault();
      $("hover").hidden = true;
      if (hasFiles(event)) this.take(await droppedFiles(event.dataTransfer));
    });
  }

  #paste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    this.take(files.map((file) => ({ file, name: file.name || "pasted.png" })));
  }

  /** Add those that are pictures, and say what was left out. */
  take(found) {
    const pictures = found.filter(({ file }) => isPicture(file));
    const most = this.limits();
    const fitting = pictures.filter(({ file }) => file.size <= most && file.size > 0);
    const told = [];
    const strangers = found.length - pictures.length;
    if (strangers) told.push(`${plural(strangers, "file is", "files are")} no picture and left out.`);
    for (const { file, name } of pictures) {
      if (file.size > most) told.push(`${name} has more than ${Math.floor(most / 1e6)} MB, which is the most that this service takes.`);
      if (file.size === 0) told.push(`${name} is empty.`);
    }
    alarm(told.slice(0, 4).join(" "));
    if (!fitting.length) return;
    this.workshop.add(fitting);
    say(`${plural(fitting.length, "picture", "pictures")} added.`);
  }
}

const isPicture = (file) => (file.type.startsWith("image/") && file.type !== "image/svg+xml") || SUFFIXES.test(file.name);

const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");

/** The dropped files and those in dropped folders, with their paths. */
async function droppedFiles(transfer) {
  // The entries must be taken at once: after a pause the browser has forgotten them.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ file, name: file.name }));
  const found = [];
  for (const entry of entries) await walk(entry, "", found, 0);
  return found;
}

async function walk(entry, folder, found, depth) {
  const name = `${folder}${entry.name}`;
  try {
    if (entry.isFile) {
      found.push({ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name });
    } else if (entry.isDirectory && depth < DEEPEST) {
      const reader = entry.createReader();
      // A reader gives a hundred at a time.
      for (;;) {
        const inside = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (!inside.length) break;
        for (const each of inside) await walk(each, `${name}/`, found, depth + 1);
      }
    }
  } catch {
    alarm(`${name} cannot be read.`);
  }
}
