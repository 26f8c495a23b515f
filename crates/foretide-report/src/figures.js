// What every report of figures needs; text from outside becomes text nodes, never markup.

import { MISSING, h } from "./dom.js";

export const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const fixed = (value, digits) =>
  value === null || value === undefined ? MISSING : value.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });

export const share = (value, digits = 2) => (value === null || value === undefined ? MISSING : `${fixed(100 * value, digits)} %`);

export const table = (label, heads, rows) =>
  h(
    "div",
    { class: "scroll", tabindex: 0, role: "region", "aria-label": label },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col", title: head.why ?? null }, head.text ?? head)))),
      h("tbody", {}, rows.map((cells) => h("tr", {}, cells.map((cell) => h("td", { class: cell.over ? "over" : null }, String(cell.text ?? cell)))))),
    ),
  );

export const HINT = "Drag to zoom, double-click for all; arrows move, plus and minus zoom; a name shows or hides its line.";
