// What the service thinks of the selected result, or why there is none.

import { $, button, make } from "./dom.js";
import { groupName, groupOf, shownDoubt } from "./list.js";
import { commandLine } from "./machine.js";
import { commandsOf } from "./server.js";

const LINES = {
  accept: "Nothing looks wrong.",
  waiting: "It waits for its turn.",
  working: "The subject is being cut out.",
};

export class VerdictCard {
  constructor(workshop) {
    this.workshop = workshop;
  }

  show() {
    const picture = this.workshop.selected;
    if (!picture) return;
    const group = groupOf(picture);
    const parts = [this.#head(picture, group)];
    const failure = picture.failure;
    if (failure) parts.push(...failureParts(failure, () => this.workshop.retry(picture)));
    else if (picture.cut) parts.push(...this.#about(picture));
    else parts.push(make("p", { class: "line" }, busyLine(picture) ?? LINES[group] ?? ""));
    const framed = this.workshop.framed(picture);
    const warnings = [...new Set([...(picture.cut?.warnings ?? []), ...(framed?.warnings ?? [])])];
    const own = picture.cut?.reasons.join(" ") ?? "";
    const others = warnings.filter((each) => !own || !each.includes(own));
    if (others.length) parts.push(make("ul", { class: "warnings" }, ...others.map((each) => make("li", {}, each))));
    const key = JSON.stringify([group, picture.id, parts.map((part) => part.textContent)]);
    // What is read aloud or selected must not be made anew without need.
    if (this.shown === key) return;
    this.shown = key;
    $("verdict").className = `card ${group}`;
    $("verdict").replaceChildren(...parts);
  }

  #head(picture, group) {
    const doubt = shownDoubt(picture);
    const meter = make("span", { class: "doubt-meter" }, make("span", {}, "doubt "), make("b", {}, doubt));
    return make("div", { class: "verdict-head" }, make("span", { class: "badge" }, groupName(picture)), doubt ? meter : null);
  }

  #about(picture) {
    const { reasons } = picture.cut;
    if (!reasons.length) return [make("p", { class: "line" }, picture.verdict === "review" ? "Look at this result." : LINES.accept)];
    return [make("ul", { class: "reasons" }, ...reasons.map((each) => make("li", {}, each)))];
  }
}

/** What a failure says: what is wrong, what mends it, the commands for it, and a button to try again. */
function failureParts(failure, retry) {
  const commands = commandsOf(failure);
  const hint = failure.isNothingFound ? "Point at the subject: draw a box around it, or paint over it with the brush." : "";
  return [
    make("p", { class: "line" }, failure.what),
    failure.remedy && !commands.length ? make("p", { class: "line soft" }, failure.remedy) : null,
    ...commands.map(commandLine),
    hint ? make("p", { class: "line soft" }, hint) : null,
    make("div", { class: "row-of-buttons" }, button("Try again", retry)),
  ].filter(Boolean);
}

/** Where the service is busy, when it is asked again. */
function busyLine(picture) {
  const busy = [...picture.running.values()].map((each) => each.phase).find((phase) => phase.startsWith("busy"));
  return busy ? `The service is busy. It is asked again in ${busy.slice(5)} s.` : null;
}
