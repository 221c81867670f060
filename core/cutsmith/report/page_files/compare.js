// A picture before and after, with a slider between them. The small pictures come first, then the files themselves.

class Compare {
  constructor() {
    this.after = make("img", { alt: "", class: "after", draggable: "false" });
    this.before = make("img", { alt: "", class: "before", draggable: "false" });
    this.range = make("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": "Before and after" });
    this.told = make("span", { class: "told" });
    this.box = make("div", { class: "compare" }, this.after, this.before, make("i", { class: "line" }), this.told, this.range);
    this.range.addEventListener("input", () => this.slide(this.range.value));
    this.shown = null;
    this.slide(50);
    this.after.addEventListener("load", () => this.fit());
    this.before.addEventListener("load", () => this.fit());
  }

  slide(percentage) {
    this.range.value = percentage;
    this.range.setAttribute("aria-valuetext", `${percentage}% before, the rest after`);
    this.box.style.setProperty("--split", `${percentage}%`);
  }

  show(picture) {
    this.shown = picture;
    this.ratio = picture.width && picture.height ? picture.width / picture.height : 1;
    this.box.classList.toggle("no-after", !picture.decidable);
    this.slide(picture.decidable ? 50 : 100);
    this.told.textContent = "";
    this.after.alt = picture.decidable ? `After: ${picture.file}` : "";
    this.before.alt = `Before: ${picture.file}`;
    this.load(picture, this.after, "after", picture.outputAddress);
    this.load(picture, this.before, "before", picture.inputAddress);
    this.fit();
  }

  /** First the thumbnail; then the file, which takes its place as soon as it is there. */
  load(picture, image, side, address) {
    image.removeAttribute("src");
    const small = thumbnail(picture, side);
    if (small) image.src = small;
    image.onerror = () => image.removeAttribute("src");
    if (!address) return this.tell(picture);
    const large = new Image();
    large.decoding = "async";
    large.onload = () => {
      if (this.shown !== picture) return;
      image.src = large.src;
      this.tell(picture);
    };
    large.onerror = () => this.shown === picture && this.tell(picture);
    large.src = address;
    return undefined;
  }

  tell(picture) {
    const nothing = !this.before.getAttribute("src") && !this.after.getAttribute("src");
    this.told.textContent = nothing ? (picture.decidable ? "This browser does not show these files." : "No result") : "";
  }

  /** The box takes the result's shape. A result of another shape than its input lies beside it, not over it. */
  fit() {
    const shape = (image) => (image.naturalWidth && image.getAttribute("src") ? image.naturalWidth / image.naturalHeight : 0);
    const after = shape(this.after);
    const before = shape(this.before);
    const differs = after && before && Math.abs(after / before - 1) > 0.04;
    const ratio = differs ? after + before : after || before || this.ratio;
    this.box.classList.toggle("beside", Boolean(differs));
    this.box.style.setProperty("--ratio", ratio.toFixed(4));
    this.box.style.setProperty("--share", differs ? `${((100 * before) / ratio).toFixed(2)}%` : "100%");
    this.box.style.setProperty("--pixels", `${(this.after.naturalWidth || this.before.naturalWidth) / devicePixelRatio}px`);
  }
}
