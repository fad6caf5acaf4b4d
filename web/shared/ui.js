/**
 * The three things every screen is made of: `html` templates, `Component`, `render`.
 *
 * Templates escape what they are given: data never become markup.
 */
import htm from "../vendor/htm/htm.mjs";
import { Component, createRef, h, render } from "../vendor/preact/preact.mjs";

export const html = htm.bind(h);
export { Component, createRef, render };
