// The list of pictures: small pictures with progress, verdict and the first reasons, in the order that is asked for.

import { $, make, plural } from "./dom.js";

const SIDE = 120; // of a small picture, in its own pixels
const RANKS = { failed: 0, nothing: 0, review: 1, accept: 2, working: 3, waiting: 4 };
const NAMES = { failed: "Failed", nothing: "Nothing found", review: "Review", accept: "Accept", working: "Cutting out", waiting: "Waiting" };

/** "review" or "accept" of one that is done, else its standing. */
export function groupOf(picture) {
  if (picture.standing !== "done") return picture.standing;
  return picture.verdict === "review" ? "review" : "accept";
}

export const groupName = (picture) => NAMES[groupOf(picture)];

/** What is told of the doubt; nothing where there is neither a number nor a reason to look. */
export function shownDoubt(picture) {
  if (picture.standing !== "done" || (picture.doubt === null && picture.verdict !== "review")) return "";
  return picture.doubt === null ? "?" : picture.doubt.toFixed(2);
}

const byName = new Intl.Collator("en", { numeric: true });

const ORDERS = {
  doubt: (one, other) => rankOf(one) - rankOf(other) || doubtRank(other) - doubtRank(one) || one.id - other.id,
  name: (one, other) => byName.compare(one.name, other.name) || one.id - other.id,
  added: (one, other) => one.id - other.id,
};

const rankOf = (picture) => RANKS[groupOf(picture)];

/** What is unknown comes before the greatest doubt. */
const doubtRank = (picture) => (picture.standing === "done" ? (picture.doubt ?? 2) : 0);

export class List {
  constructor(workshop) {
    this.workshop = workshop;
    this.rows = new Map();
    this.order = "doubt";
    const place = $("list");
    place.addEventListener("click", (event) => {
      const row = event.target.closest(".row");
      if (row) workshop.select(this.#pictureOf(row));
    });
    place.addEventListener("keydown", (event) => this.#key(event));
    $("order").addEventListener("change", () => {
      this.order = $("order").value;
      place.setAttribute("aria-label", `Pictures, ${{ doubt: "the most doubtful first", name: "by name", added: "as added" }[this.order]}`);
      this.show();
    });
  }

  #pictureOf(row) {
    return this.workshop.pictures.find((picture) => `row-${picture.id}` === row.id);
  }

  get sorted() {
    return [...this.workshop.pictures].sort(ORDERS[this.order]);
  }

  /** Select the picture that many places further. */
  step(by) {
    const { sorted } = this;
    const at = sorted.indexOf(this.workshop.selected);
    const to = sorted[Math.min(sorted.length - 1, Math.max(0, at + by))];
    if (to) this.workshop.select(to);
  }

  #key(event) {
    const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }[event.key];
    if (by === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.step(by);
  }

  show() {
    const { sorted } = this;
    const { selected } = this.workshop;
    const place = $("list");
    const rows = sorted.map((picture, at) => {
      const row = this.#row(picture);
      row.setAttribute("aria-posinset", at + 1);
      row.setAttribute("aria-setsize", sorted.length);
      row.setAttribute("aria-selected", String(picture === selected));
      return row;
    });
    const isSame = rows.length === place.children.length && rows.every((row, at) => row === place.children[at]);
    if (!isSame) place.replaceChildren(...rows);
    for (const [id, row] of this.rows) if (!row.isConnected) this.rows.delete(id);
    if (selected) place.setAttribute("aria-activedescendant", `row-${selected.id}`);
    if (selected && this.shown !== selected) this.rows.get(selected.id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    this.shown = selected;
    this.#count();
  }

  #count() {
    const { pictures } = this.workshop;
    const ended = pictures.filter((picture) => !["waiting", "working"].includes(picture.standing)).length;
    const review = pictures.filter((picture) => groupOf(picture) === "review").length;
    $("count").textContent = plural(pictures.length, "picture", "pictures");
    $("count-more").textContent = ended < pictures.length ? `${ended} done` : review ? `${review} to review` : "";
    const progress = $("progress");
    progress.max = Math.max(1, pictures.length);
    progress.value = ended;
    progress.classList.toggle("ended", ended === pictures.length);
  }

  /** The row of a picture, as the picture is now. */
  #row(picture) {
    if (!this.rows.has(picture.id)) this.rows.set(picture.id, makeRow(picture));
    const row = this.rows.get(picture.id);
    const group = groupOf(picture);
    const parts = row.parts;
    const isDone = picture.standing === "done";
    row.className = `row ${group}`;
    parts.badge.textContent = NAMES[group];
    const doubt = shownDoubt(picture) && `doubt ${shownDoubt(picture)}`;
    parts.doubt.textContent = doubt;
    const told = isDone ? picture.cut.reasons.join(" ") : (picture.failure?.what ?? "");
    parts.reasons.textContent = told;
    const source = picture.cut?.blob ?? picture.file;
    if (row.drawn !== source && (picture.cut || !row.drawn)) {
      row.drawn = source;
      drawSmall(parts.small, source);
    }
    return row;
  }
}

function makeRow(picture) {
  const parts = {
    small: make("canvas", { class: "small-picture checker", width: SIDE, height: SIDE }),
    badge: make("span", { class: "badge" }),
    doubt: make("span", { class: "doubt" }),
    reasons: make("span", { class: "row-reasons" }),
  };
  const name = make("span", { class: "row-name", title: picture.name }, picture.title);
  const row = make(
    "div",
    { id: `row-${picture.id}`, role: "option", "aria-selected": "false" },
    make("span", { class: "thumb" }, parts.small, make("i", { class: "bar" })),
    make("span", { class: "row-words" }, name, make("span", { class: "row-standing" }, parts.badge, parts.doubt), parts.reasons),
  );
  row.parts = parts;
  return row;
}

let drawing = Promise.resolve();

/** One after the other: a folder of photographs does not fit into memory at once. */
function drawSmall(canvas, blob) {
  drawing = drawing.then(() => drawNow(canvas, blob));
}

async function drawNow(canvas, blob) {
  try {
    const bitmap = await createImageBitmap(blob);
    const share = Math.min(SIDE / bitmap.width, SIDE / bitmap.height);
    const [width, height] = [bitmap.width * share, bitmap.height * share];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.clearRect(0, 0, SIDE, SIDE);
    context.drawImage(bitmap, (SIDE - width) / 2, (SIDE - height) / 2, width, height);
    bitmap.close();
  } catch {
    // A browser shows no TIFF and no HEIC; the result will take its place.
  }
}
