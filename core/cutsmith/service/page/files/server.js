// Asks the service: two requests at a time, with the key, again where it is busy, and with its own words where it refuses.

const MOST_AT_ONCE = 2;
const MOST_TRIES = 6;
const SHORTEST_WAIT = 1;
const LONGEST_WAIT = 60;
const BUSY = new Set([429, 503]);
const OF_KEYS = new Set(["KeyMissing", "KeyUnknown"]);

/** The service refused, or cannot be reached: what is wrong, and what mends it. */
export class Refused extends Error {
  constructor({ type = "", what = "", remedy = "", cures = [] } = {}, status = 0) {
    super(what);
    this.type = type;
    this.what = what;
    this.remedy = remedy;
    this.cures = cures;
    this.status = status;
  }

  get isNothingFound() {
    return this.status === 422;
  }
}

/** The commands that mend an error of the service, as they are typed into a terminal. */
export function commandsOf(error) {
  const commands = (error?.cures ?? []).map((cure) => {
    const names = cure.names ?? [];
    if (cure.action === "fetch") return `cutsmith models fetch ${names.join(" ")}`;
    if (cure.action === "install_extra") return `pip install "cutsmith[${names[0]}]"`;
    if (cure.action === "install_packages") return `pip install ${names.join(" ")}`;
    return cure.action === "run" ? `cutsmith ${names.join(" ")}` : "";
  });
  return commands.filter(Boolean);
}

export class Server extends EventTarget {
  #key = "";
  #running = 0;
  #waiting = [];
  #keyed = null;

  /**
   * Ask for `path`. `read` turns the answer into what is returned.
   * `urgent` goes before all that waits; `signal` ends it; `onStart` is called when its turn has come, `onBusy` with the
   * seconds until it is tried again.
   */
  async ask(path, { method = "GET", body, headers = {}, signal, urgent = false, read, onStart, onBusy } = {}) {
    await this.#turn(signal, urgent);
    try {
      onStart?.();
      for (let tries = 1; ; tries++) {
        const answer = await this.#fetch(path, { method, body, headers, signal }, tries);
        if (answer === null) continue;
        if (answer.ok) return read ? await read(answer) : answer;
        const refused = await refusal(answer);
        if (answer.status === 401 || OF_KEYS.has(refused.type)) {
          await this.#wantKey(refused, signal);
          tries = 0;
        } else if (BUSY.has(answer.status) && tries < MOST_TRIES) {
          const seconds = waitOf(answer, tries);
          onBusy?.(seconds);
          await pause(seconds, signal);
          onStart?.();
        } else {
          throw refused;
        }
      }
    } finally {
      this.#running--;
      this.#next();
    }
  }

  /** Use this key from now on; requests that waited for one go on. */
  useKey(key) {
    this.#key = key.trim();
    this.#keyed?.resolve();
    this.#keyed = null;
  }

  /** Tell the service that a session is over, without waiting; also while the page is being left. */
  forget(path) {
    fetch(path, { method: "DELETE", headers: this.#headers(), keepalive: true }).catch(() => {});
  }

  #headers() {
    return this.#key ? { "X-API-Key": this.#key } : {};
  }

  /** The answer; null where the network failed and it should be tried again. */
  async #fetch(path, { headers, ...options }, tries) {
    try {
      return await fetch(path, {
        ...options,
        headers: { ...headers, ...this.#headers() },
        credentials: "omit",
        cache: "no-store",
        redirect: "error",
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      if (tries < 3) {
        await pause(tries, options.signal);
        return null;
      }
      throw new Refused({
        type: "Unreachable",
        what: "The service does not answer.",
        remedy: "See whether `cutsmith serve` still runs, then try again.",
      });
    }
  }

  #wantKey(refused, signal) {
    this.#keyed ??= Promise.withResolvers?.() ?? withResolvers();
    this.dispatchEvent(new CustomEvent("key-wanted", { detail: refused }));
    return untilAborted(this.#keyed.promise, signal);
  }

  #turn(signal, urgent) {
    signal?.throwIfAborted();
    if (this.#running < MOST_AT_ONCE) {
      this.#running++;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const waits = { resolve, urgent };
      const place = urgent ? this.#waiting.findIndex((each) => !each.urgent) : -1;
      this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, waits);
      signal?.addEventListener("abort", () => {
        const at = this.#waiting.indexOf(waits);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        reject(signal.reason);
      });
    });
  }

  #next() {
    if (this.#running >= MOST_AT_ONCE || !this.#waiting.length) return;
    this.#running++;
    this.#waiting.shift().resolve();
  }
}

/** The service's own words for a refusal; ours where it has none, as behind a proxy. */
async function refusal(answer) {
  let told = null;
  try {
    told = (await answer.json()).error;
  } catch {
    // It is no answer of ours.
  }
  if (told && typeof told.what === "string") return new Refused(told, answer.status);
  return new Refused({ what: `The service answered with ${answer.status}.`, remedy: "Try again later." }, answer.status);
}

function waitOf(answer, tries) {
  const told = Number(answer.headers.get("Retry-After"));
  const seconds = Number.isFinite(told) && told > 0 ? told : 2 ** (tries - 1);
  return Math.min(LONGEST_WAIT, Math.max(SHORTEST_WAIT, seconds));
}

function pause(seconds, signal) {
  return untilAborted(new Promise((resolve) => setTimeout(resolve, seconds * 1000)), signal);
}

function untilAborted(promise, signal) {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) return end();
    signal.addEventListener("abort", end, { once: true });
    return promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}

function withResolvers() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
