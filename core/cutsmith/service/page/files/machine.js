// What the service can do: its limits, presets, and what it lacks with the command that mends it.

import { $, button, make, say } from "./dom.js";
import { commandsOf } from "./server.js";

export class Machine {
  constructor(told) {
    this.presets = told.presets ?? [];
    this.mostBytes = told.most_bytes ?? Infinity;
    this.version = told.version ?? "";
    this.noSam2 = told.no_sam2 ?? null;
    this.noDetector = told.no_detector ?? null;
    this.formats = told.formats ?? [];
  }

  /** Say below the tools what is lacking. */
  showLacking() {
    const notes = [];
    if (this.noDetector) notes.push(lacking("Words need a detector.", this.noDetector));
    if (this.noSam2) notes.push(lacking("Clicks need SAM 2.", this.noSam2));
    $("lacking").replaceChildren(...notes);
    for (const id of ["words", "find"]) $(id).disabled = Boolean(this.noDetector);
    $("words-form").classList.toggle("off", Boolean(this.noDetector));
  }
}

/** A note about something that this machine cannot do, with the commands that mend it. */
function lacking(title, error) {
  const commands = commandsOf(error);
  const told = commands.length ? "On the service’s machine, run:" : [error.what, error.remedy].filter(Boolean).join(" ");
  return make("div", { class: "note lacking", title: error.what }, make("p", {}, make("b", {}, title), " ", told), ...commands.map(commandLine));
}

/** A command with a button that copies it. */
export function commandLine(command) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(command);
      say("Copied.");
    } catch {
      // Without https, browsers copy what is selected.
      getSelection().selectAllChildren(code);
      say("Selected. Press Ctrl+C to copy.");
    }
  };
  const code = make("code", { tabindex: 0 }, command);
  return make("div", { class: "command" }, code, button("Copy", copy, { "aria-label": `Copy the command ${command}` }));
}
