// The page: starts its parts, and shows what changes, once a frame.

import { Cutter } from "./cutter.js";
import { $, alarm, icon, make, plural, radios, say } from "./dom.js";
import { Intake } from "./intake.js";
import { hearKeys } from "./keys.js";
import { groupName, groupOf, List, shownDoubt } from "./list.js";
import { Machine } from "./machine.js";
import { Saving } from "./saving.js";
import { Server } from "./server.js";
import { Settings } from "./settings.js";
import { Stage } from "./stage.js";
import { isPending, isPrompted, NO_PROMPT } from "./state.js";
import { Boxing, Brushing, Clicking } from "./tools.js";
import { Tray } from "./tray.js";
import { VerdictCard } from "./verdict.js";
import { Workshop } from "./workshop.js";

const server = new Server();
const workshop = new Workshop(new Cutter(server));
let machine = new Machine({});
const stage = new Stage(workshop);
const tools = { point: new Clicking(workshop, stage), box: new Boxing(workshop, stage), brush: new Brushing(workshop, stage) };
const tray = new Tray(workshop, stage, tools);
const settings = new Settings(workshop);
const saving = new Saving(workshop);
const list = new List(workshop);
const verdict = new VerdictCard(workshop);
new Intake(workshop, () => machine.mostBytes);

const TOOLS = [["look", "Compare", "V"], ["point", "Click", "C"], ["box", "Box", "B"], ["brush", "Brush", "P"]];
const toolChoices = TOOLS.map(([value, label, key]) => ({ value, title: `${label} (${key})`, content: [icon(value), make("span", { class: "label" }, label)] }));
const tool = radios($("tools"), "tool", toolChoices, useTool);
tool.choose("look");

/** Take up a tool by its name; "look" compares before and after. */
function useTool(name) {
  if (tool.isOff(name)) return say($("lacking").textContent);
  tool.choose(name);
  stage.use(tools[name] ?? null);
  return tray.show();
}

/** A tool that is taken up by a key is used by keys. */
function takeTool(name) {
  useTool(name);
  if (stage.tool) stage.pad.element.focus();
  else stage.range.focus();
}

let asked = 0;
let heard = new Map();

function show() {
  asked ||= requestAnimationFrame(() => {
    asked = 0;
    const picture = workshop.selected;
    const isEmpty = !workshop.pictures.length;
    document.body.classList.toggle("empty", isEmpty);
    $("welcome").hidden = !isEmpty;
    $("app").hidden = isEmpty;
    saving.show();
    tellEnds();
    if (!picture) return;
    $("heading").textContent = picture.title;
    $("heading").title = picture.name;
    $("undo").disabled = !picture.history.canUndo;
    $("redo").disabled = !picture.history.canRedo;
    if (document.activeElement !== $("words") || shownWords !== picture) $("words").value = picture.state.prompt.text;
    shownWords = picture;
    for (const part of [list, stage, verdict, settings, tray]) part.show();
  });
}

let shownWords = null;

/** Say which pictures have come to an end since the last time. */
function tellEnds() {
  const now = new Map(workshop.pictures.map((picture) => [picture, picture.cut ?? picture.failure ?? null]));
  const ended = [...now].filter(([picture, end]) => end && heard.get(picture) !== end).map(([picture]) => picture);
  heard = now;
  if (!ended.length) return;
  const [picture] = ended;
  const left = workshop.pictures.filter((each) => ["waiting", "working"].includes(each.standing)).length;
  const doubt = shownDoubt(picture) && `, doubt ${shownDoubt(picture)}`;
  const what = ended.length === 1 ? `${picture.title}: ${groupName(picture)}${doubt}.` : `${plural(ended.length, "picture", "pictures")} done.`;
  say(left ? `${what} ${left} to go.` : what);
  // The most doubtful one is what a person should see first, as long as nobody has chosen.
  if (!left && !hasChosen) choose(list.sorted[0]);
}

let hasChosen = false;

function choose(picture) {
  if (picture && groupOf(picture) !== "waiting") workshop.select(picture);
}

for (const name of ["pointerdown", "keydown"]) {
  $("app").addEventListener(name, () => (hasChosen = true), true);
}

function act(change) {
  return () => workshop.selected && change(workshop.selected);
}

const undo = act((picture) => {
  if (!picture.history.canUndo) return say("There is nothing to undo.");
  workshop.undo(picture);
  return say("Undone.");
});
const redo = act((picture) => {
  if (!picture.history.canRedo) return say("There is nothing to do again.");
  workshop.redo(picture);
  return say("Done again.");
});
const remove = act((picture) => {
  workshop.remove(picture);
  say(`${picture.title} is off the list.`);
  (workshop.selected ? $("list") : $("choose")).focus();
});
const apply = act((picture) => {
  workshop.apply(picture);
  useTool("look");
});

$("undo").addEventListener("click", undo);
$("redo").addEventListener("click", redo);
$("remove").addEventListener("click", remove);
$("apply").addEventListener("click", () => useTool("look"));
$("smaller").addEventListener("click", () => stage.zoomBy(-1));
$("larger").addEventListener("click", () => stage.zoomBy(1));
$("fit").addEventListener("click", () => stage.zoomBy(0));
$("alarm-close").addEventListener("click", () => alarm(""));
$("words-form").addEventListener("submit", (event) => {
  event.preventDefault();
  act((picture) => {
    const text = $("words").value.trim();
    workshop.change(picture, { prompt: text ? Object.freeze({ ...NO_PROMPT, text }) : NO_PROMPT });
    useTool(tool.isOff("point") ? "box" : "point");
  })();
});

hearKeys({
  v: () => takeTool("look"),
  c: () => takeTool("point"),
  b: () => takeTool("box"),
  p: () => takeTool("brush"),
  x: () => tray.swap(),
  "[": () => tray.resizeBy(-1),
  "]": () => tray.resizeBy(1),
  j: () => list.step(1),
  k: () => list.step(-1),
  d: () => saving.save(),
  "+": () => stage.zoomBy(1),
  "=": () => stage.zoomBy(1),
  "-": () => stage.zoomBy(-1),
  0: () => stage.zoomBy(0),
  "/": () => $("words").focus(),
  "?": () => $("help").showModal(),
  Delete: remove,
  Escape: () => takeTool("look"),
  "Ctrl+z": undo,
  "Ctrl+Shift+z": redo,
  "Ctrl+y": redo,
  "Ctrl+Enter": apply,
});

workshop.addEventListener("change", show);

server.addEventListener("key-wanted", ({ detail }) => {
  const wasShown = !$("key-form").hidden;
  $("key-form").hidden = false;
  if (wasShown) return;
  $("key-told").textContent = detail.type === "KeyUnknown" ? "This key is not one of the service’s. Try another." : KEY_TOLD;
  $("key").focus();
});
const KEY_TOLD = $("key-told").textContent;
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  if (!$("key").value.trim()) return $("key").focus();
  $("key-form").hidden = true;
  server.useKey($("key").value);
  $("key").value = "";
  return undefined;
});

// What was done by hand, and was not downloaded, is lost with the page.
addEventListener("beforeunload", (event) => {
  const isByHand = ({ state, saved }) => state !== saved && (isPending(state) || state.cut.strokes.length > 0 || isPrompted(state.cut.prompt));
  if (workshop.pictures.some(isByHand)) event.preventDefault();
});
addEventListener("pagehide", (event) => {
  if (!event.persisted) workshop.pictures.forEach((picture) => workshop.cutter.forget(picture));
});

async function start() {
  try {
    machine = new Machine(await server.ask("/v1/models", { urgent: true, read: (answer) => answer.json() }));
  } catch (error) {
    alarm([error.what ?? error.message, error.remedy].filter(Boolean).join(" "));
  }
  machine.showLacking();
  settings.offer(machine.presets);
  tool.disable("point", Boolean(machine.noSam2), "Clicks need SAM 2: see “Point at it”.");
  if (Number.isFinite(machine.mostBytes)) $("limits").textContent = `JPEG, PNG, WebP, TIFF, HEIC and more, up to ${Math.floor(machine.mostBytes / 1e6)} MB each.`;
  $("about").textContent = machine.version ? `Cutsmith ${machine.version}` : "";
  document.body.dataset.ready = "";
}

show();
start();
