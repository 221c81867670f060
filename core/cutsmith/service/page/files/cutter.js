// Asks the service for cut-outs, masks and results; uploads a picture again where its session is over.

import { maskFile } from "./masks.js";
import { resultOf } from "./picture.js";
import { Refused } from "./server.js";
import { cutFields } from "./state.js";

// The longer side of the mask that is shown, in pixels: as many as a screen has for it.
const LONGEST_MASK = 1024;

export class Cutter {
  constructor(server) {
    this.server = server;
  }

  /** Cut the picture out. `output` are the fields that say how the result is written. */
  cut(picture, prompt, edge, output, options) {
    return this.#result(picture, "cut", { ...cutFields(prompt, edge), ...output }, options);
  }

  /** Cut out what a painted mask marks, and refine its edge. */
  async refine(picture, mask, edge, output, options) {
    return this.#result(picture, "refine", { mask: await maskFile(mask), matting: edge, ...output }, options);
  }

  /** The soft mask of a prompt, as a gray picture. */
  mask(picture, prompt, options) {
    const told = { ...(prompt.text ? { text: prompt.text } : {}), ...(prompt.box ? { box: prompt.box } : {}) };
    const body = JSON.stringify({ ...told, ...(prompt.points.length ? { points: prompt.points } : {}), longest: LONGEST_MASK });
    return this.#inSession(picture, options, (address) =>
      this.server.ask(`${address}/mask`, {
        ...options,
        method: "POST",
        body,
        headers: { "Content-Type": "application/json" },
        read: (answer) => answer.blob(),
      }),
    );
  }

  /** The picture is not needed any more. */
  forget(picture) {
    if (picture.session) this.server.forget(picture.session);
    picture.session = null;
  }

  #result(picture, way, fields, options) {
    const form = () => {
      const made = new FormData();
      for (const [name, value] of Object.entries(fields)) made.append(name, value);
      return made;
    };
    const ask = (address, body) =>
      this.server.ask(`${address}/${way}`, {
        ...options,
        method: "POST",
        body,
        headers: { Accept: "application/json" },
        read: resultOf,
      });
    // One who only drops pictures needs no sessions.
    if (picture.session) return this.#inSession(picture, options, (address) => ask(address, form()));
    const body = form();
    body.append("image", picture.file, picture.title);
    return ask("/v1", body);
  }

  async #inSession(picture, options, act) {
    for (let again = false; ; again = true) {
      const address = picture.session ?? (await this.#upload(picture, options));
      try {
        return await act(address);
      } catch (error) {
        if (!(error instanceof Refused) || error.status !== 404 || again) throw error;
        if (picture.session === address) picture.session = null;
      }
    }
  }

  /** Begin the picture's session; two that ask at once share one. */
  async #upload(picture, options) {
    const body = new FormData();
    body.append("image", picture.file, picture.title);
    // It goes on when the one that began it is given up: the next one needs it too.
    picture.uploading ??= this.server
      .ask("/v1/sessions", { method: "POST", body, urgent: options.urgent, read: (answer) => answer.json() })
      .finally(() => (picture.uploading = null));
    const told = await picture.uploading;
    picture.session = `/v1/sessions/${encodeURIComponent(told.session)}`;
    picture.size = { width: told.width, height: told.height };
    return picture.session;
  }
}
