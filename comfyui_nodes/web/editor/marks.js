/** The marks and the text fields that hold them: JSON lists, in pixels of the picture. */

export const POSITIVE = "positive_points";
export const NEGATIVE = "negative_points";
export const BOXES = "boxes";
export const FIELDS = [POSITIVE, NEGATIVE, BOXES];

const KEYS = { [POSITIVE]: ["x", "y"], [NEGATIVE]: ["x", "y"], [BOXES]: ["x", "y", "width", "height"] };

/** The marks in the `text` of a field; null if it cannot be read. Boxes may also be rows of corners, as in Python. */
export function marksIn(field, text) {
  if (!text?.trim() || text.trim() === "None") return [];
  let entries;
  try {
    entries = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(entries)) return null;
  const marks = entries.map((entry) => (Array.isArray(entry) ? fromRow(field, entry) : entry));
  const isMark = (mark) => KEYS[field].every((key) => Number.isFinite(mark?.[key]));
  return marks.every(isMark) ? marks : null;
}

function fromRow(field, row) {
  if (field !== BOXES) return { x: row[0], y: row[1] };
  const [x, y, x1, y1] = row;
  return { x, y, width: x1 - x, height: y1 - y };
}

/** `marks` as the text of a field. */
export function textOf(marks) {
  const entry = (mark) =>
    Object.entries(mark)
      .map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(", ");
  return marks.length ? `[${marks.map((mark) => `{${entry(mark)}}`).join(", ")}]` : "";
}
