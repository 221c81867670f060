// One picture of the list: its file, what was asked for it, and what came back.

import { cutKey, firstState, History } from "./state.js";

const MOST_RESULTS = 40;
let added = 0;

export class Picture {
  constructor(file, name, settings) {
    this.id = ++added;
    this.file = file;
    this.name = name;
    this.history = new History(firstState(settings));
    this.results = new Map(); // by what they depend on
    this.failures = new Map();
    this.running = new Map(); // {promise, ending, phase}
    this.masks = new Map(); // of prompts, as shown while pointing
    this.session = null;
    this.thumbnail = null;
    this.saved = null; // the state that was downloaded last
    this.before = URL.createObjectURL(file);
    this.size = null; // of the upright picture, once it is known
  }

  get state() {
    return this.history.now;
  }

  /** The file's name without its folders. */
  get title() {
    return this.name.slice(this.name.lastIndexOf("/") + 1);
  }

  /** The cut-out that the state asks for, in the picture's own frame; undefined until it is there. */
  get cut() {
    return this.results.get(cutKey(this.state.cut, this.state.edge));
  }

  get failure() {
    return this.failures.get(cutKey(this.state.cut, this.state.edge));
  }

  /** "waiting", "working", "done", "nothing" or "failed". */
  get standing() {
    const key = cutKey(this.state.cut, this.state.edge);
    if (this.results.has(key)) return "done";
    if (this.failures.has(key)) return this.failures.get(key).isNothingFound ? "nothing" : "failed";
    const isWorking = [...this.running.values()].some((each) => each.phase !== "waiting");
    return isWorking ? "working" : "waiting";
  }

  get verdict() {
    return this.cut?.verdict ?? "";
  }

  get doubt() {
    return this.cut?.doubt ?? null;
  }

  keep(key, result) {
    this.results.set(key, result);
    for (const [old, each] of this.results) {
      if (this.results.size <= MOST_RESULTS) break;
      if (old === key || each === this.cut) continue;
      URL.revokeObjectURL(each.url);
      this.results.delete(old);
    }
  }

  close() {
    for (const each of this.running.values()) each.ending.abort();
    URL.revokeObjectURL(this.before);
    for (const each of this.results.values()) URL.revokeObjectURL(each.url);
  }
}

/** What came back for a picture: its bytes, and what the service thinks of them. `doubt` is null where it is unknown. */
export async function resultOf(answer) {
  const kind = answer.headers.get("Content-Type") ?? "";
  if (!kind.startsWith("application/json")) return resultOfPicture(answer, kind);
  const told = await answer.json();
  const quality = told.quality ?? {};
  const doubt = quality.uncertainty;
  return made(new Blob([bytesOf(told.result_b64)], { type: told.media_type }), {
    doubt: typeof doubt === "number" && doubt >= 0 ? doubt : null,
    verdict: quality.verdict ?? "",
    reasons: quality.reasons ?? [],
    warnings: [...(told.warnings ?? []), ...(told.remarks ?? []).map(sentence)].filter(Boolean),
  });
}

async function resultOfPicture(answer, kind) {
  const doubt = Number(answer.headers.get("X-Uncertainty-Score") ?? -1);
  const reasons = decodeURIComponent(answer.headers.get("X-Quality-Reasons") ?? "");
  return made(new Blob([await answer.arrayBuffer()], { type: kind }), {
    doubt: doubt >= 0 ? doubt : null,
    verdict: answer.headers.get("X-Quality-Verdict") ?? "",
    reasons: reasons ? [reasons] : [],
    warnings: [],
  });
}

function made(blob, told) {
  return Object.freeze({ blob, url: URL.createObjectURL(blob), ...told });
}

/** A remark as a sentence of its own. */
const sentence = (told) => told.charAt(0).toUpperCase() + told.slice(1) + (/[.!?]$/.test(told) ? "" : ".");

function bytesOf(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}
