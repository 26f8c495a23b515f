// Building elements and writing figures. Text from outside only ever becomes a text node.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat()) {
    if (child !== undefined && child !== null && child !== false) node.append(child);
  }
  return node;
}

export const h = (tag, attributes, ...children) =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag, attributes, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

/** Writes only what has changed, so that a selection and a screen reader are left in peace. */
export function text(node, value) {
  const wanted = value ?? "";
  if (node.textContent !== wanted) node.textContent = wanted;
}

export function put(node, ...children) {
  node.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined));
}

export const MISSING = "–";
const two = (n) => String(n).padStart(2, "0");

export function clock(ms, seconds = false) {
  if (ms === null || ms === undefined) return MISSING;
  const at = new Date(ms);
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}`;
  return seconds ? `${time}:${two(at.getUTCSeconds())}` : time;
}

export function day(ms) {
  return new Date(ms).toISOString().slice(0, 10);
}

export const stamp = (ms) => (ms === null || ms === undefined ? MISSING : `${day(ms)} ${clock(ms)}`);

/** A span in the largest unit that says enough. */
export function span(ms) {
  if (ms === null || ms === undefined) return MISSING;
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.round(s / 60)} min`;
  if (s < 172800) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} d`;
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return MISSING;
  return value.toLocaleString("en-GB", { maximumFractionDigits: digits });
}

/** An amount of money, always with its cents. */
export function amount(value) {
  if (value === null || value === undefined) return MISSING;
  return value.toLocaleString("en-GB", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

export function percent(share, digits = 1) {
  if (share === null || share === undefined) return MISSING;
  return `${(share * 100).toFixed(digits)} %`;
}

/** A difference of costs as a person says it. */
export function against(ratio) {
  if (ratio === null || ratio === undefined) return MISSING;
  const share = ratio - 1;
  if (Math.abs(share) < 0.005) return "the same";
  return `${Math.abs(share * 100).toFixed(0)} % ${share < 0 ? "less" : "more"}`;
}

const LEVELS = {
  ok: ["✓", "healthy"],
  notice: ["i", "note"],
  warning: ["!", "warning"],
  critical: ["✕", "critical"],
};

/** A sign, a word and a colour: none of them alone. */
export function badge(level, title) {
  const [sign, word] = LEVELS[level] ?? LEVELS.notice;
  return h("span", { class: `badge ${level}` }, h("span", { class: "sign", "aria-hidden": "true" }, sign), title ?? word);
}

export const SEVERITY = { ok: 0, notice: 1, warning: 2, critical: 3 };
