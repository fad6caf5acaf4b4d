/** Elements from words: text stays text, whoever wrote it. */

/**
 * Make an element.
 *
 * @param {string} tag
 * @param {Record<string, unknown>} properties of the element; `data-…`, `aria-…` and `role` are set as attributes
 * @param {...(Node | string)} children
 */
export function el(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes("-") || name === "role") made.setAttribute(name, value);
    else made[name] = value;
  }
  made.append(...children);
  return made;
}

/** Put values into a sentence: `fill("{n} km", {n: 3})`. */
export function fill(sentence, values) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Show a message where there is one. */
export function tell(place, text) {
  place.textContent = text;
  if (place.classList.contains("problem")) place.hidden = !text;
}
