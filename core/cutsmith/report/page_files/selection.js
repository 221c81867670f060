// Which pictures are shown, in which order, and which of them is selected.

const filter = { group: "", said: "", reason: -1, words: [], sort: "doubt" };
let shown = [];
let selected = 0;

const inOrder = {
  doubt: pictures,
  get name() {
    const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });
    const sorted = [...pictures].sort((one, other) => collator.compare(one.name, other.name));
    Object.defineProperty(this, "name", { value: sorted });
    return sorted;
  },
  get order() {
    return [...pictures].sort((one, other) => one.order - other.order);
  },
};

function matches(picture) {
  return (
    (filter.group === "" || picture.group === filter.group) &&
    (filter.said === "" || (picture.decidable && said(picture) === filter.said)) &&
    (filter.reason < 0 || picture.reasons.includes(filter.reason)) &&
    filter.words.every((word) => picture.lower.includes(word))
  );
}

/** Choose the shown pictures anew; the selected one stays selected, or else the one that takes its place. */
function choose(wanted = shown[selected]) {
  shown = inOrder[filter.sort].filter(matches);
  const at = wanted ? shown.indexOf(wanted) : -1;
  selected = at >= 0 ? at : Math.max(0, Math.min(selected, shown.length - 1));
}

function current() {
  return shown[selected] ?? null;
}
