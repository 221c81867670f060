// All pictures, the selected one, and the work on them: what a state needs is asked for, what none needs is given up.

import { emptyMask, maskOfAlpha, maskOfGray, painted } from "./masks.js";
import { Picture } from "./picture.js";
import { Refused } from "./server.js";
import { changed, cutKey, FIRST_SETTINGS, hasOwnFrame, isPending, isWhole, outputFields, promptKey, resultKey } from "./state.js";

const OF_A_CUT = Object.freeze({ format: "png" });

export class Workshop extends EventTarget {
  constructor(cutter) {
    super();
    this.cutter = cutter;
    this.pictures = [];
    this.selected = null;
    this.settings = FIRST_SETTINGS; // of pictures to come
    this.format = "png";
  }

  /** Something about `picture`, or about the list where it is null, is to be shown anew. */
  #tell(picture = null) {
    this.dispatchEvent(new CustomEvent("change", { detail: picture }));
  }

  add(files) {
    const made = files.map(({ file, name }) => new Picture(file, name, this.settings));
    this.pictures.push(...made);
    if (!this.selected && made.length) this.selected = made[0];
    this.#tell();
    for (const picture of made) this.settle(picture);
    return made;
  }

  remove(picture) {
    const at = this.pictures.indexOf(picture);
    this.pictures.splice(at, 1);
    this.cutter.forget(picture);
    picture.close();
    if (this.selected === picture) this.selected = this.pictures[at] ?? this.pictures[at - 1] ?? null;
    this.#tell();
  }

  select(picture) {
    if (this.selected === picture) return;
    this.selected?.masks.clear();
    this.selected = picture;
    if (picture) this.settle(picture);
  }

  /** Change what is asked for a picture; it can be undone. */
  change(picture, changes) {
    picture.history.push(changed(picture.state, changes));
    this.settle(picture);
  }

  undo(picture) {
    picture.history.undo();
    this.settle(picture);
  }

  redo(picture) {
    picture.history.redo();
    this.settle(picture);
  }

  /** Cut out what was pointed at, and refine what was painted. */
  apply(picture) {
    const { prompt, strokes } = picture.state;
    if (isPending(picture.state)) this.change(picture, { cut: Object.freeze({ prompt, strokes }) });
  }

  /** Use the settings of a picture for all, also for those to come. */
  useForAll(picture) {
    const { edge, background, frame } = picture.state;
    this.settings = Object.freeze({ edge, background, frame });
    for (const each of this.pictures) {
      if (each !== picture) this.change(each, this.settings);
    }
  }

  useFormat(format) {
    this.format = format;
    if (this.selected) this.settle(this.selected);
  }

  /** Forget that it failed, and try again. */
  retry(picture) {
    picture.failures.clear();
    this.settle(picture);
  }

  /** The format of what is shown: browsers show no TIFF. */
  get shownFormat() {
    return this.format === "tiff" ? "png" : this.format;
  }

  /** The result in its own frame; undefined until it is there, or where the cut-out itself is what is shown. */
  framed(picture) {
    return hasOwnFrame(picture.state) ? undefined : picture.results.get(resultKey(picture.state, this.shownFormat));
  }

  framedFailure(picture) {
    return hasOwnFrame(picture.state) ? undefined : picture.failures.get(resultKey(picture.state, this.shownFormat));
  }

  /** Ask for all that the state of a picture needs, and give up what it does not. */
  settle(picture) {
    const { state } = picture;
    const needed = new Set([cutKey(state.cut, state.edge), cutKey({ ...state.cut, strokes: [] }, state.edge), maskKey(state.prompt)]);
    const isShown = picture === this.selected;
    if (!hasOwnFrame(state)) needed.add(resultKey(state, this.shownFormat));
    for (const [key, work] of picture.running) {
      if (!needed.has(key) && !work.isWanted) work.ending.abort();
    }
    this.cutOf(picture, state).catch(() => {});
    if (isShown && !hasOwnFrame(state)) this.resultOf(picture, this.shownFormat, false).catch(() => {});
    if (isShown && isWhole(state.prompt) && isPending(state)) this.maskOf(picture, state.prompt).catch(() => {});
    this.#tell(picture);
  }

  /** The cut-out of a state, in the picture's own frame, as a transparent PNG. */
  cutOf(picture, { cut, edge }) {
    return this.#once(picture, cutKey(cut, edge), (options) => this.#made(picture, cut, edge, OF_A_CUT, options));
  }

  /** The result as it is downloaded, in this format. */
  resultOf(picture, format, isWanted = true) {
    const { state } = picture;
    const output = outputOf(state, format);
    // The cut-out itself is a result already.
    if (output === OF_A_CUT) return this.cutOf(picture, state);
    return this.#once(picture, resultKey(state, format), (options) => this.#made(picture, state.cut, state.edge, output, options), isWanted);
  }

  async #made(picture, { prompt, strokes }, edge, output, options) {
    if (!strokes.length) return this.cutter.cut(picture, prompt, edge, output, options);
    const mask = painted(await this.#unpainted(picture, prompt, edge), strokes);
    return this.cutter.refine(picture, mask, edge, output, options);
  }

  /** The mask that strokes go over: the alpha of the cut-out without them; nothing where nothing was found. */
  async #unpainted(picture, prompt, edge) {
    const cut = { prompt, strokes: [] };
    try {
      const { blob } = await this.cutOf(picture, { cut, edge });
      return await this.#kept(picture, `alpha ${cutKey(cut, edge)}`, () => maskOfAlpha(blob));
    } catch (error) {
      if (!(error instanceof Refused) || !error.isNothingFound || !picture.size) throw error;
      return emptyMask(picture.size);
    }
  }

  /** The mask that strokes of this state go over; null as long as it is not known. */
  async maskUnderStrokes(picture) {
    const { cut, edge } = picture.state;
    return this.#unpainted(picture, cut.prompt, edge).catch(() => null);
  }

  /** The soft mask of a prompt. */
  async maskOf(picture, prompt) {
    const blob = await this.#once(picture, maskKey(prompt), (options) => this.cutter.mask(picture, prompt, options));
    return this.#kept(picture, maskKey(prompt), () => maskOfGray(blob));
  }

  maskFailure(picture) {
    return picture.failures.get(maskKey(picture.state.prompt));
  }

  isMasking(picture) {
    return picture.running.has(maskKey(picture.state.prompt));
  }

  /** The last few masks of a picture as bytes: they take a byte a pixel. */
  async #kept(picture, key, make) {
    if (!picture.masks.has(key)) picture.masks.set(key, await make());
    if (picture.masks.size > 6) picture.masks.delete(picture.masks.keys().next().value);
    return picture.masks.get(key);
  }

  /** Do the work of `key` unless it was done, is being done, or has failed. */
  #once(picture, key, work, isWanted = false) {
    if (picture.results.has(key)) return Promise.resolve(picture.results.get(key));
    if (picture.failures.has(key)) return Promise.reject(picture.failures.get(key));
    const begun = picture.running.get(key);
    if (begun && !begun.ending.signal.aborted) {
      begun.isWanted ||= isWanted;
      return begun.promise;
    }
    const entry = { ending: new AbortController(), phase: "waiting", isWanted };
    const phase = (name) => {
      entry.phase = name;
      this.#tell(picture);
    };
    const options = {
      signal: entry.ending.signal,
      urgent: picture === this.selected,
      onStart: () => phase("working"),
      onBusy: (seconds) => phase(`busy ${Math.round(seconds)}`),
    };
    picture.running.set(key, entry);
    const ends = () => {
      if (picture.running.get(key) === entry) picture.running.delete(key);
    };
    entry.promise = work(options).then(
      (result) => {
        ends();
        picture.keep(key, result);
        this.#tell(picture);
        return result;
      },
      (error) => {
        ends();
        // What was given up may be asked for again; all else is told.
        if (!entry.ending.signal.aborted) picture.failures.set(key, error instanceof Refused ? error : unforeseen(error));
        this.#tell(picture);
        throw error;
      },
    );
    entry.promise.catch(() => {});
    return entry.promise;
  }
}

const maskKey = (prompt) => `mask ${promptKey(prompt)}`;

/** How the result is written; `OF_A_CUT` itself where it is the cut-out as it is. */
function outputOf(state, format) {
  const fields = outputFields(state, format);
  return format === "png" && Object.keys(fields).length === 1 ? OF_A_CUT : fields;
}

function unforeseen(error) {
  console.error(error);
  return new Refused({ what: `This page made a mistake: ${error.message}`, remedy: "Load the page again." });
}
