/** Small tools for building and finding elements. */

/** Make an element: properties are set, `data` and `attributes` as their names say, children appended as text or nodes. */
export function make(tag, { data = {}, attributes = {}, ...properties } = {}, ...children) {
  const element = document.createElement(tag);
  Object.assign(element, properties);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** The part of an element that its markup marks with `data-part`. */
export function part(element, name) {
  return element.querySelector(`[data-part="${name}"]`);
}

/** A fresh copy of the one element in a <template>. */
export function copyOf(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

/** Make `parent` hold exactly `nodes`, in order, moving as few as possible. */
export function arrangeChildren(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove();
  let next = parent.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else parent.insertBefore(node, next);
  }
}

/** An icon of the page's sheet. */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A person's name, kept apart from the direction of the text around it. */
export function nameOf(name) {
  return make("bdi", { textContent: name, className: "name" });
}
