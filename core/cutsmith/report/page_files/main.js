// What keys and buttons do, and the start.

const KEYS = [
  ["j →", "next picture"],
  ["k ←", "previous picture"],
  ["↓ ↑", "a row down or up"],
  ["a", "accept, and go on"],
  ["r", "reject, and go on"],
  ["u", "undo the last verdict"],
  ["Enter Space", "full size, and back"],
  ["1", "100% in full size"],
  ["b", "next ground: checkerboard, white, black"],
  ["/", "search names"],
  ["?", "this help"],
];

function refresh({ wanted = current(), top = false } = {}) {
  if (top) {
    choose(null);
    selected = 0;
    grid.scrollTop = 0;
  } else choose(wanted);
  layOut();
  if (!top) reveal();
  draw();
  showDetail();
  showCounts();
}

function select(at) {
  if (shown.length === 0) return;
  selected = Math.max(0, Math.min(at, shown.length - 1));
  reveal();
  draw();
  showDetail();
}

const step = (by) => select(selected + by);

function tell(text) {
  $("said").textContent = text;
  $("said").classList.add("visible");
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => $("said").classList.remove("visible"), 4000);
}

/** Decide about the selected picture and go on to the next. */
function decideCurrent(verdict) {
  const picture = current();
  if (picture === null) return;
  if (!picture.decidable) return tell(`${picture.file} has no result to decide about.`);
  const at = selected;
  decide(picture, verdict);
  choose(picture);
  if (shown[at] === picture) selected = Math.min(at + 1, shown.length - 1);
  if (filter.said !== "") layOut();
  reveal();
  draw();
  showDetail();
  showCounts();
  return tell(`${verdict === "accepted" ? "Accepted" : "Rejected"}: ${picture.file}. ${$("decided").textContent}.`);
}

function undoLast() {
  const picture = undo();
  if (picture === null) return tell("There is nothing to undo.");
  refresh({ wanted: picture });
  return tell(`Undone: ${picture.file} is ${said(picture)} again.`);
}

const ACTIONS = {
  j: () => step(1),
  k: () => step(-1),
  ArrowRight: () => step(1),
  ArrowLeft: () => step(-1),
  ArrowDown: () => step(columns),
  ArrowUp: () => step(-columns),
  Home: () => select(0),
  End: () => select(shown.length - 1),
  PageDown: () => step(columns * Math.max(1, Math.floor(grid.clientHeight / rowHeight()))),
  PageUp: () => step(-columns * Math.max(1, Math.floor(grid.clientHeight / rowHeight()))),
  a: () => decideCurrent("accepted"),
  r: () => decideCurrent("rejected"),
  u: undoLast,
  b: nextGround,
  1: () => full.open && toggleActual(),
  Enter: () => (full.open ? full.close() : openFull()),
  " ": () => (full.open ? full.close() : openFull()),
  "/": () => $("search").focus(),
  "?": () => $("help").showModal(),
};
const MOVES = new Set(["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp", "Home", "End", "PageDown", "PageUp"]);

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || $("help").open) return;
  const kind = target.type === "range" ? "range" : target.localName;
  if (kind === "input" && target.type === "search") {
    if (key === "Escape" || key === "Enter") grid.focus();
    return;
  }
  if (kind === "select" || (target.type === "radio" && MOVES.has(key))) return;
  if (kind === "range" && MOVES.has(key)) return; // the slider's own keys
  if ((kind === "button" || kind === "a" || kind === "input") && (key === "Enter" || key === " ")) {
    if (kind !== "input" || target.type !== "range") return;
  }
  if (key === "Escape" && detail.classList.contains("open") && !full.open) return hideDetail();
  // Arrows and pages move the selection only from the pictures, so that the rest of the page scrolls as usual.
  if (MOVES.has(key) && !(full.open || target === document.body || grid.contains(target))) return;
  const action = ACTIONS[key.length === 1 ? key.toLowerCase() : key];
  if (!action || (event.repeat && "aru".includes(key.toLowerCase()))) return;
  event.preventDefault();
  action();
});

let typing = 0;
$("search").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    filter.words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    refresh({ top: true });
  }, 80);
});
$("sort").addEventListener("change", () => {
  filter.sort = $("sort").value;
  refresh({ top: true });
});
$("reset").addEventListener("click", () => {
  Object.assign(filter, { group: "", said: "", reason: -1, words: [] });
  $("search").value = "";
  $("reason").value = "-1";
  refresh({ top: true });
});
$("more").addEventListener("click", () => {
  $("more").setAttribute("aria-expanded", String($("choices").classList.toggle("open")));
  layOut();
});
$("save").addEventListener("click", saveVerdicts);
$("ask").addEventListener("click", () => $("help").showModal());
addEventListener("storage", (event) => {
  if (event.key === STORE) {
    readKept();
    refresh();
  }
});
new ResizeObserver(() => layOut()).observe(grid);

$("keys").append(...KEYS.flatMap(([keys, text]) => [
  make("dt", {}, ...keys.split(" ").map((key) => make("kbd", { text: key }))),
  make("dd", { text }),
]));
readKept();
buildHeader();
buildTiles();
buildReasons();
buildGrounds();
detail.hidden = false;
refresh({ top: true });
// The small pictures stand last in the file. Those in sight appear as soon as they are there.
document.addEventListener("DOMContentLoaded", () => {
  layOut();
  compare.shown = null;
  showDetail();
  document.body.dataset.ready = "yes";
});
grid.focus({ preventScroll: true });
