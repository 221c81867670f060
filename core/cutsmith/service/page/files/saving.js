// Downloads: the selected result, or a zip of all, under the pictures' own names.

import { $, alarm, make, plural, say } from "./dom.js";
import { distinct, zipOf } from "./zip.js";

const FORMATS = [["png", "PNG"], ["jpg", "JPEG"], ["webp", "WebP"], ["tiff", "TIFF"]];

export class Saving {
  constructor(workshop) {
    this.workshop = workshop;
    this.isZipping = false;
    $("format").append(...FORMATS.map(([value, title]) => make("option", { value }, title)));
    $("format").addEventListener("change", () => workshop.useFormat($("format").value));
    $("save").addEventListener("click", () => this.save());
    $("save-all").addEventListener("click", () => this.saveAll());
  }

  show() {
    const { selected, pictures } = this.workshop;
    $("save").disabled = !selected?.cut;
    $("save-all").disabled = this.isZipping || !pictures.some((picture) => picture.cut);
  }

  /** Download the selected picture's result. */
  async save() {
    const picture = this.workshop.selected;
    if (!picture?.cut || $("save").disabled) return;
    const { format } = this.workshop;
    const { state } = picture;
    $("save").setAttribute("aria-busy", "true");
    try {
      const { blob } = await this.workshop.resultOf(picture, format);
      hand(blob, nameOf(picture.title, format));
      picture.saved = state;
      say(`Downloaded ${nameOf(picture.title, format)}.`);
    } catch (error) {
      alarm(`${picture.title}: ${[error.what ?? error.message, error.remedy].filter(Boolean).join(" ")}`);
    } finally {
      $("save").removeAttribute("aria-busy");
    }
  }

  /** Download all results in one zip; pictures without one are left out, and named. */
  async saveAll() {
    if (this.isZipping) return;
    this.isZipping = true;
    this.show();
    try {
      await this.#zip();
    } catch (error) {
      const remedy = error instanceof RangeError ? "Take some pictures off the list." : "Try again.";
      alarm(`The zip cannot be made: ${error.message}. ${remedy}`);
    } finally {
      this.isZipping = false;
      $("save-all-text").textContent = "Download all";
      this.show();
    }
  }

  async #zip() {
    const { format } = this.workshop;
    const pictures = [...this.workshop.pictures];
    const taken = new Set();
    const files = [];
    const missing = [];
    let ended = 0;
    const told = () => ($("save-all-text").textContent = `${ended} of ${pictures.length}`);
    told();
    // All are asked for at once; the server's own queue sends two at a time.
    const results = pictures.map((picture) =>
      this.workshop.resultOf(picture, format).catch(() => null).finally(() => {
        ended++;
        told();
      }),
    );
    for (const [at, picture] of pictures.entries()) {
      const { state } = picture;
      const result = await results[at];
      if (!result) {
        missing.push(picture);
        continue;
      }
      files.push({ name: distinct(nameOf(picture.name, format), taken), blob: result.blob });
      picture.saved = state;
    }
    if (!files.length) throw new Error("no picture has a result");
    hand(await zipOf(files), "cutsmith.zip");
    say(`Downloaded ${plural(files.length, "picture", "pictures")} in one zip.`);
    if (missing.length) alarm(`Without a result, and so not in the zip: ${missing.map((picture) => picture.title).join(", ")}.`);
  }
}

/** The picture's own name with the format's ending. A zip knows no way out of its folder. */
function nameOf(name, format) {
  const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
  const last = parts.pop() ?? "picture";
  const dot = last.lastIndexOf(".");
  return [...parts, `${dot > 0 ? last.slice(0, dot) : last}.${format}`].join("/");
}

function hand(blob, name) {
  const link = make("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
