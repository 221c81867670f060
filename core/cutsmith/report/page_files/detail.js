// The selected picture, large, with all that is known of it; and its full size.

const detail = $("detail");
const full = $("full");
const compare = new Compare();
const fullCompare = new Compare();
const verdictButtons = [];

const button = (text, key, action, attributes = {}) =>
  make("button", { type: "button", onclick: (event) => pressed(event, action), ...attributes }, text, key ? make("kbd", { text: key, "aria-hidden": "true" }) : null);

/** After a click the keys belong to the pictures again: Space must not press the same button once more. */
function pressed(event, action) {
  action();
  if (event.detail > 0) (full.open ? full : grid).focus({ preventScroll: true });
}

function verdictRow() {
  const accept = button("Accept", "a", () => decideCurrent("accepted"), { class: "accept", "aria-pressed": "false" });
  const reject = button("Reject", "r", () => decideCurrent("rejected"), { class: "reject", "aria-pressed": "false" });
  verdictButtons.push([accept, "accepted"], [reject, "rejected"]);
  const previous = button("‹", "", () => step(-1), { "aria-label": "Previous", title: "Previous (k)", class: "step" });
  const next = button("›", "", () => step(1), { "aria-label": "Next", title: "Next (j)", class: "step" });
  const back = button("Undo", "u", undoLast, { class: "undo" });
  return make("div", { class: "verdict-row" }, previous, accept, reject, back, next);
}

const heading = make("h2", { class: "heading" });
const place = make("p", { class: "place" });
const standing = make("p", { class: "standing" });
const reasonsBox = make("ul", { class: "reasons", "aria-label": "Reasons" });
const facts = make("dl", { class: "facts" });
const links = make("p", { class: "links" });
const closeDetail = button("×", "", () => hideDetail(), { class: "close", "aria-label": "Back to the pictures" });
const enlarge = button("Full size", "↵", () => openFull(), { class: "enlarge" });

detail.append(
  make("div", { class: "head" }, make("div", { class: "words" }, heading, place), closeDetail),
  make("div", { class: "stage" }, compare.box),
  verdictRow(),
  make("div", { class: "about" }, make("div", { class: "sum" }, standing, enlarge), reasonsBox, facts, links),
);

const fullTitle = make("span", { class: "full-title" });
const actual = button("100%", "1", () => toggleActual(), { "aria-pressed": "false" });
full.tabIndex = -1;
full.append(
  make("div", { class: "full-bar" }, fullTitle, actual, button("Close", "esc", () => full.close())),
  make("div", { class: "full-stage" }, fullCompare.box),
  verdictRow(),
);

function showDetail() {
  const picture = current();
  detail.classList.toggle("empty", picture === null);
  if (picture === null) return;
  if (compare.shown !== picture) {
    compare.show(picture);
    fillDetail(picture);
  }
  if (full.open && fullCompare.shown !== picture) showFull(picture);
  const verdict = said(picture);
  for (const [each, name] of verdictButtons) {
    each.setAttribute("aria-pressed", String(picture.decidable && verdict === name));
    each.disabled = !picture.decidable;
  }
}

function fillDetail(picture) {
  heading.textContent = picture.file;
  place.textContent = picture.place_of;
  place.hidden = picture.place_of === "";
  const doubt = picture.doubt === undefined ? "doubt unknown" : `doubt ${shownDoubt(picture)}`;
  standing.className = `standing ${picture.group.replace(" ", "-")}`;
  standing.textContent = `Cutsmith: ${GROUP_NAMES[picture.group].toLowerCase()}${picture.decidable ? `, ${doubt}` : ""}`;
  const told = picture.reasons.map((number) => data.reasons[number]);
  if (picture.error && told.length && !picture.decidable) told[told.length - 1] = picture.error;
  reasonsBox.replaceChildren(
    ...told.map((text) => make("li", { text })),
    ...(picture.remedy ? [make("li", { class: "remedy", text: picture.remedy })] : []),
    ...(picture.warnings ?? []).map((text) => make("li", { class: "warning", text: `Warning: ${text}` })),
  );
  facts.replaceChildren(...factsOf(picture).flatMap(([name, value]) => [make("dt", { text: name }), make("dd", { text: value })]));
  links.replaceChildren(...linksOf(picture));
  detail.querySelector(".about").scrollTop = 0;
}

function factsOf(picture) {
  const told = [];
  if (picture.output) told.push(["Result", picture.output + (picture.bytes ? ` (${shownBytes(picture.bytes)})` : "")]);
  if (picture.width && picture.height) told.push(["Input", `${picture.width} × ${picture.height} px`]);
  if (picture.model) told.push(["Model", picture.model + (picture.view && picture.view !== "first" ? `, ${picture.view} view` : "")]);
  if (picture.seconds !== undefined) told.push(["Time", shownTime(picture.seconds)]);
  for (const each of picture.steps ?? []) {
    const brought = typeof each.uncertainty === "number" ? `doubt ${each.uncertainty.toFixed(2)}` : "doubt unknown";
    const name = String(each.step ?? "step");
    told.push([name.charAt(0).toUpperCase() + name.slice(1), `${brought}${each.kept ? ", kept" : ", not kept"}`]);
  }
  return told;
}

function linksOf(picture) {
  const link = (text, href) => make("a", { href, target: "_blank", rel: "noopener noreferrer", text });
  return [
    picture.outputAddress && picture.decidable ? link("Open the result", picture.outputAddress) : null,
    picture.inputAddress ? link("Open the input", picture.inputAddress) : null,
  ].filter(Boolean);
}

/** On a narrow screen the picture lies over the grid; on a wide one it is always beside it. */
function openDetail() {
  detail.classList.add("open");
}

function hideDetail() {
  detail.classList.remove("open");
  grid.focus();
}

function openFull() {
  const picture = current();
  if (picture === null || full.open) return;
  showFull(picture);
  full.showModal();
  full.focus();
  fullCompare.fit();
}

function showFull(picture) {
  fullTitle.textContent = picture.file;
  fullCompare.show(picture);
}

function toggleActual() {
  actual.setAttribute("aria-pressed", String(full.classList.toggle("actual")));
}

full.addEventListener("close", () => grid.focus());
