/** Makes elements of the page. */

const SVG = "http://www.w3.org/2000/svg";

const withParts = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

export const html = (tag, attributes = {}, ...children) => withParts(document.createElement(tag), attributes, children);

export const svg = (tag, attributes = {}, ...children) =>
  withParts(document.createElementNS(SVG, tag), attributes, children);
