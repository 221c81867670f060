// The tiles that count and filter, the search, the choices, and the ground behind results.

const GROUNDS = { checker: "Checkerboard", white: "White", black: "Black" };
const MOST_REASONS = 200;
const GROUND_STORE = "cutsmith-ground";

function tile(row, field, value, name, number, note, kind = "") {
  const made = make(
    "button",
    { type: "button", class: `tile ${kind}`, "aria-pressed": "false", onclick: (event) => pressed(event, () => setFilter(field, value)) },
    make("b", { text: number.toLocaleString("en") }),
    make("span", { text: name }),
    note ? make("small", { text: note }) : null,
  );
  made.dataset[field] = value;
  row.append(made);
  return made;
}

function setFilter(field, value) {
  filter[field] = filter[field] === value && field !== "sort" ? (field === "reason" ? -1 : "") : value;
  if (field === "reason") $("reason").value = String(filter.reason);
  refresh({ top: true });
}

const count = (list, wanted) => list.reduce((sum, each) => sum + (wanted(each) ? 1 : 0), 0);

function buildTiles() {
  const row = $("by-cutsmith");
  tile(row, "group", "", "All", pictures.length, "");
  for (const group of GROUPS) {
    const number = count(pictures, (picture) => picture.group === group);
    const always = group === "review" || group === "accept" || group === "failed";
    const whole = group === "failed" || group === "nothing found" ? pictures.length : decidable.length;
    if (number || always) tile(row, "group", group, GROUP_NAMES[group], number, percent(number, whole), `by-${group.replace(" ", "-")}`);
  }
  const own = $("by-person");
  tile(own, "said", "", "All", decidable.length, "");
  for (const [verdict, name] of [[UNDECIDED, "Undecided"], ["accepted", "Accepted"], ["rejected", "Rejected"]]) {
    tile(own, "said", verdict, name, 0, "", `own-${verdict}`);
  }
}

function showCounts() {
  const numbers = { undecided: 0, accepted: 0, rejected: 0 };
  for (const picture of decidable) numbers[said(picture)] += 1;
  for (const each of $("by-person").children) {
    if (each.dataset.said) each.querySelector("b").textContent = numbers[each.dataset.said].toLocaleString("en");
  }
  const done = decidable.length - numbers.undecided;
  $("decided").textContent = `${done.toLocaleString("en")} of ${plural(decidable.length, "result", "results")} decided`;
  $("progress").max = decidable.length || 1;
  $("progress").value = done;
  for (const each of document.querySelectorAll(".tile")) {
    const field = "group" in each.dataset ? "group" : "said";
    each.setAttribute("aria-pressed", String(filter[field] === each.dataset[field]));
  }
  const all = shown.length === pictures.length;
  $("count").textContent = all ? plural(shown.length, "picture", "pictures") : `${shown.length.toLocaleString("en")} of ${plural(pictures.length, "picture", "pictures")}`;
}

function buildReasons() {
  const numbers = new Array(data.reasons.length).fill(0);
  for (const picture of pictures) for (const number of picture.reasons) numbers[number] += 1;
  $("reason").append(make("option", { value: "-1", text: `Any reason (${data.reasons.length})` }));
  data.reasons.slice(0, MOST_REASONS).forEach((reason, number) => {
    $("reason").append(make("option", { value: number, text: `${numbers[number].toLocaleString("en")} × ${reason}` }));
  });
  $("reason").disabled = data.reasons.length === 0;
  $("reason").addEventListener("change", () => {
    filter.reason = Number($("reason").value);
    refresh({ top: true });
  });
}

function buildGrounds() {
  let chosen = "checker";
  try {
    chosen = localStorage.getItem(GROUND_STORE) ?? chosen;
  } catch {
    // A browser that keeps nothing shows the checkerboard.
  }
  for (const [ground, name] of Object.entries(GROUNDS)) {
    const radio = make("input", { type: "radio", name: "ground", value: ground, "aria-label": name, onchange: () => setGround(ground) });
    radio.checked = ground === chosen;
    $("grounds").append(make("label", { class: `ground ${ground}`, title: `${name} (b: next)` }, radio));
  }
  setGround(ground_or_first(chosen));
}

const ground_or_first = (ground) => (ground in GROUNDS ? ground : "checker");

function setGround(ground) {
  document.body.dataset.ground = ground;
  for (const radio of document.querySelectorAll("[name=ground]")) radio.checked = radio.value === ground;
  try {
    localStorage.setItem(GROUND_STORE, ground);
  } catch {
    // See above.
  }
}

function nextGround() {
  const names = Object.keys(GROUNDS);
  setGround(names[(names.indexOf(document.body.dataset.ground) + 1) % names.length]);
}

function buildHeader() {
  $("folder").textContent = data.folder;
  document.title = `${data.folder}: Cutsmith`;
  const told = [plural(pictures.length, "picture", "pictures")];
  if (data.seconds) told[0] += ` in ${shownTime(data.seconds)}`;
  if (data.perSecond) told.push(`${data.perSecond.toPrecision(2)} pictures/s`);
  if (data.skipped) told.push(plural(data.skipped, "damaged line in the manifest", "damaged lines in the manifest"));
  told.push(`${data.served ? "as of" : "made"} ${new Date(data.made).toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}`);
  $("facts").textContent = told.join(" · ");
  if (data.served) $("save").textContent = "Save as a file";
  $("help-saving").textContent = data.served
    ? "Each verdict is written into the batch’s manifest at once."
    : "Verdicts are kept in this browser. “Save verdicts” writes verdicts.json; cutsmith review OUT --apply verdicts.json takes it into the batch.";
}
