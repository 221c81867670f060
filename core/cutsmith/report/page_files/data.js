// The batch as the page carries it, and small things that every part uses. Names and reasons are only ever set as text.

const $ = (id) => document.getElementById(id);
const data = JSON.parse($("data").textContent);
const pictures = data.pictures;

/** An element: attributes by name, "class" and "text" among them; then its children. */
function make(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const GROUPS = ["review", "accept", "not judged", "nothing found", "failed"];
const GROUP_NAMES = {
  review: "To review",
  accept: "Accept",
  "not judged": "Not judged",
  "nothing found": "Nothing found",
  failed: "Failed",
};

pictures.forEach((picture, place) => {
  picture.place = place;
  picture.reasons ??= [];
  picture.decidable = picture.status === "done" && picture.output !== undefined;
  const judged = picture.verdict === "accept" || picture.verdict === "review" ? picture.verdict : "not judged";
  picture.group = picture.decidable ? judged : picture.status === "nothing found" ? "nothing found" : "failed";
  const cut = Math.max(picture.name.lastIndexOf("/"), picture.name.lastIndexOf("\\")) + 1;
  picture.file = picture.name.slice(cut) || picture.name;
  picture.place_of = picture.name.slice(0, cut);
  picture.lower = picture.name.toLowerCase();
});
const pictureOf = new Map(pictures.map((picture) => [picture.id, picture]));
const decidable = pictures.filter((picture) => picture.decidable);

const blocks = new Map();

/** The address of a thumbnail, side "before" or "after"; "" where there is none, or it has not been loaded yet. */
function thumbnail(picture, side) {
  if (data.served) return `thumbnails/${picture.id}-${side}`;
  const number = Math.floor(picture.place / data.chunk);
  if (!blocks.has(number)) {
    const element = $(`thumbnails-${number}`);
    if (!element || (document.readyState === "loading" && !element.nextSibling)) return "";
    blocks.set(number, JSON.parse(element.textContent));
    element.remove();
  }
  const told = blocks.get(number)[picture.place % data.chunk]?.[side === "before" ? 0 : 1] ?? "";
  return told === "" || told.startsWith(".") ? told : `data:image/webp;base64,${told}`;
}

const shownDoubt = (picture) => (picture.doubt === undefined ? "?" : picture.doubt.toFixed(2));

const percent = (part, whole) => (whole ? `${part && part * 100 < whole ? "<1" : Math.round((100 * part) / whole)}%` : "");

function plural(number, one, several) {
  return `${number.toLocaleString("en")} ${number === 1 ? one : several}`;
}

function shownTime(seconds) {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function shownBytes(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
