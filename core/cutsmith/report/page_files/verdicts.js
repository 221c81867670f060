// What the person says. A page that was opened as a file keeps it in the browser; a served one sends it to the manifest.

const STORE = `cutsmith-verdicts-${data.batch}`;
const UNDECIDED = "undecided";
const past = [];
const unsent = new Map();
let kept = {}; // identity -> [verdict, at]
let sending = false;

const now = () => `${new Date().toISOString().slice(0, 19)}Z`;

/** What counts for a picture: the later one of the manifest's and the browser's. */
function said(picture) {
  const own = kept[picture.id];
  if (own && (picture.saidAt === undefined || own[1] >= picture.saidAt)) return own[0];
  return picture.said ?? UNDECIDED;
}

function readKept() {
  if (data.served) return;
  try {
    const read = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    kept = read && typeof read === "object" && !Array.isArray(read) ? read : {};
  } catch {
    alarm("This browser keeps nothing for this page. Save the verdicts before you close it.");
  }
}

function keep() {
  if (data.served) return;
  try {
    localStorage.setItem(STORE, JSON.stringify(kept));
  } catch {
    alarm("This browser keeps no more for this page. Save the verdicts before you close it.");
  }
}

function alarm(text) {
  $("alarm").textContent = text;
  $("alarm").hidden = text === "";
}

/** Set a verdict, without a place in the past. */
function say(picture, verdict) {
  kept[picture.id] = [verdict, now()];
  keep();
  if (data.served) {
    unsent.set(picture.id, verdict);
    send();
  }
}

/** Set a verdict that `undo` can take back. */
function decide(picture, verdict) {
  past.push([picture, said(picture)]);
  say(picture, verdict);
}

/** Take the last verdict back; -> its picture, or null. */
function undo() {
  const last = past.pop();
  if (!last) return null;
  say(last[0], last[1]);
  return last[0];
}

/** Send what has not been sent; what is said meanwhile goes with the next message. */
async function send() {
  if (sending || unsent.size === 0) return;
  sending = true;
  const batch = [...unsent].slice(0, 2000);
  let again = 0;
  try {
    const answer = await fetch("verdicts", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ verdicts: batch.map(([identity, verdict]) => ({ identity, verdict })) }),
    });
    if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? answer.statusText);
    for (const [identity, verdict] of batch) if (unsent.get(identity) === verdict) unsent.delete(identity);
    alarm("");
  } catch (error) {
    const why = error instanceof TypeError ? "cutsmith review does not answer" : error.message;
    alarm(`${plural(unsent.size, "verdict is", "verdicts are")} not saved: ${why}. Start it again, or save them as a file.`);
    again = 3000;
  }
  sending = false;
  if (unsent.size) setTimeout(send, again);
}

/** The verdicts as the file that `cutsmith review OUT --apply verdicts.json` reads. */
function verdictsFile() {
  const verdicts = [];
  for (const picture of decidable) {
    const verdict = said(picture);
    if (verdict === UNDECIDED && picture.said === undefined) continue;
    const at = kept[picture.id]?.[1] ?? picture.saidAt;
    verdicts.push({ input: picture.name, key: picture.key ?? null, verdict, at });
  }
  return JSON.stringify({ kind: data.kind, version: 1, batch: data.batch, folder: data.folder, verdicts }, null, 1);
}

function saveVerdicts() {
  const address = URL.createObjectURL(new Blob([verdictsFile()], { type: "application/json" }));
  make("a", { href: address, download: "verdicts.json" }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

addEventListener("beforeunload", (event) => {
  if (unsent.size) event.preventDefault();
});
