// The grid of pictures. Only those in sight are in the document, so that ten thousand are as quick as ten.

const CARD_LEAST = 148;
const CARD_GAP = 10;
const CAPTION = 50;
const ROWS_AHEAD = 2;
const SAID_SIGNS = { accepted: "✓", rejected: "✕" };

const grid = $("grid");
const canvas = $("canvas");
const cards = new Map(); // place among the shown -> element
let columns = 1;
let cardWidth = CARD_LEAST;
let waiting = 0;

const rowHeight = () => cardWidth + CAPTION + CARD_GAP;

function layOut() {
  const width = grid.clientWidth - 2 * CARD_GAP;
  columns = Math.max(2, Math.floor((width + CARD_GAP) / (CARD_LEAST + CARD_GAP)));
  cardWidth = Math.floor((width + CARD_GAP) / columns) - CARD_GAP;
  canvas.style.height = `${Math.ceil(shown.length / columns) * rowHeight() + CARD_GAP}px`;
  canvas.style.setProperty("--card", `${cardWidth}px`);
  for (const card of cards.values()) card.remove();
  cards.clear();
  draw();
}

function draw() {
  waiting = 0;
  const first = Math.max(0, Math.floor(grid.scrollTop / rowHeight()) - ROWS_AHEAD) * columns;
  const rows = Math.ceil(grid.clientHeight / rowHeight()) + 2 * ROWS_AHEAD + 1;
  const last = Math.min(shown.length, first + rows * columns);
  for (const [at, card] of cards) {
    if (at < first || at >= last) {
      card.remove();
      cards.delete(at);
    }
  }
  for (let at = first; at < last; at++) if (!cards.has(at)) addCard(at);
  for (const [at, card] of cards) mark(card, at);
  const active = cards.get(selected);
  if (active) grid.setAttribute("aria-activedescendant", active.id);
  else grid.removeAttribute("aria-activedescendant");
  $("none").hidden = shown.length > 0;
}

const drawSoon = () => {
  waiting ||= requestAnimationFrame(draw);
};

function addCard(at) {
  const picture = shown[at];
  const frame = make("div", { class: "frame" });
  const card = make(
    "div",
    { class: "card", id: `card-${at}`, role: "option", "aria-setsize": shown.length, "aria-posinset": at + 1 },
    frame,
    make("div", { class: "sign", "aria-hidden": "true" }),
    make("div", { class: "name", text: picture.file, title: picture.name }),
    make("div", { class: `badge ${picture.group.replace(" ", "-")}` }, badgeText(picture)),
  );
  card.style.transform =
    `translate(${CARD_GAP + (at % columns) * (cardWidth + CARD_GAP)}px, ` +
    `${CARD_GAP + Math.floor(at / columns) * rowHeight()}px)`;
  fillFrame(frame, picture);
  card.addEventListener("click", () => {
    select(at);
    openDetail();
  });
  card.addEventListener("dblclick", openFull);
  card.addEventListener("pointermove", (event) => scrub(event, frame, picture));
  card.addEventListener("pointerleave", () => frame.style.setProperty("--split", "0%"));
  cards.set(at, card);
  canvas.append(card);
}

function badgeText(picture) {
  const name = GROUP_NAMES[picture.group];
  return picture.decidable ? `${name} · ${shownDoubt(picture)}` : name;
}

function fillFrame(frame, picture) {
  const side = picture.decidable ? "after" : "before";
  const small = thumbnail(picture, side);
  if (!small && document.readyState === "loading") return; // it stands further down in the file
  const address = small || (side === "after" ? picture.outputAddress : picture.inputAddress);
  if (!address) {
    frame.append(make("span", { class: "empty", text: "no picture" }));
    return;
  }
  const image = make("img", { class: side, src: address, alt: "", loading: "eager", decoding: "async", draggable: "false" });
  image.addEventListener("error", () => image.replaceWith(make("span", { class: "empty", text: "no picture" })));
  if (!picture.decidable) frame.style.setProperty("--split", "100%");
  frame.append(image);
}

/** The pointer over a card is its slider. */
function scrub(event, frame, picture) {
  if (!picture.decidable || event.pointerType === "touch") return;
  if (!frame.querySelector(".before")) {
    const address = thumbnail(picture, "before");
    if (!address) return;
    const image = make("img", { class: "before", src: address, alt: "", draggable: "false" });
    image.addEventListener("error", () => image.remove());
    frame.append(image, make("i", { class: "line" }));
  }
  const { left, width } = frame.getBoundingClientRect();
  const split = Math.max(0, Math.min(100, (100 * (event.clientX - left)) / width));
  frame.style.setProperty("--split", `${split.toFixed(1)}%`);
}

function mark(card, at) {
  const picture = shown[at];
  const verdict = picture.decidable ? said(picture) : "";
  card.classList.toggle("selected", at === selected);
  card.classList.toggle("accepted", verdict === "accepted");
  card.classList.toggle("rejected", verdict === "rejected");
  card.setAttribute("aria-selected", at === selected);
  card.querySelector(".sign").textContent = SAID_SIGNS[verdict] ?? "";
  const told = picture.decidable ? `, doubt ${picture.doubt === undefined ? "unknown" : shownDoubt(picture)}` : "";
  card.setAttribute("aria-label", `${picture.file}, Cutsmith: ${GROUP_NAMES[picture.group]}${told}${verdict ? `, you: ${verdict}` : ""}`);
}

/** Scroll so that the selected card is in sight. */
function reveal() {
  const top = Math.floor(selected / columns) * rowHeight();
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + rowHeight() > grid.scrollTop + grid.clientHeight) {
    grid.scrollTop = top + rowHeight() + CARD_GAP - grid.clientHeight;
  }
}

grid.addEventListener("scroll", drawSoon, { passive: true });
