// A chart of a report: lines over time, or points over a logarithmic share.

import { MISSING, clock, day, h, svg, text } from "./dom.js";
import { line, steps, timeTicks, valueTicks } from "./draw.js";

const EDGE = { left: 46, right: 12, top: 12, bottom: 40 };
// Pixels of half a label below the axis, such as 00:00: more than there are right of the last tick.
const HALF_LABEL = 18;
const MARKS = [
  "M0-5A5 5 0 1 0 .1-5Z", "M-5-5H5V5H-5Z", "M0-6 6 0 0 6-6 0Z", "M0-6 6 5-6 5Z", "M0 6-6-5 6-5Z",
  "M-5-2H-2V-5H2V-2H5V2H2V5H-2V2H-5Z", "M-5-5 5 5M5-5-5 5", "M-6 0H6M0-6V6", "M0-6 2-2 6 0 2 2 0 6-2 2-6 0-2-2Z",
];

/**
 * Draws `spec` in SVG: `label` for readers that do not see it, `series` (name, x and y columns, `kind`
 * step, area, line or points, `colour`, `dash`, `mark`, `shown`, `says(index)`), `x` (`kind` time or log,
 * `range`, `title`, `ticks`), `y` (`title`, `from`, `top`), and `rule` (x, label).
 */
export class Plot {
  constructor(spec) {
    this.spec = spec;
    this.hidden = new Set(spec.series.filter((one) => one.shown === false).map((one) => one.name));
    this.range = [...spec.x.range];
    this.cursor = null;
    this.values = new Map();
    this.when = h("span", { class: "when" });
    this.legend = h("div", { class: "legend" }, this.when, spec.series.filter((one) => one.key !== false).map((one) => this.key(one)));
    this.plot = svg("svg", { class: "plot", tabindex: 0, role: "slider", "aria-label": spec.label, "aria-valuemin": 0, "aria-valuemax": 0, "aria-valuenow": 0 });
    this.node = h("figure", { class: "chart" }, this.legend, this.plot);
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  key(one) {
    const value = h("span", { class: "value" });
    const swatch = svg("svg", { class: "swatch", viewBox: "-9 -7 18 14", "aria-hidden": "true" }, this.sample(one));
    const button = h("button", { type: "button", class: "key", "aria-pressed": String(!this.hidden.has(one.name)) }, swatch, ` ${one.name} `, value);
    button.addEventListener("click", () => {
      const shown = this.hidden.delete(one.name);
      if (!shown) this.hidden.add(one.name);
      button.setAttribute("aria-pressed", String(shown));
      this.draw();
    });
    this.values.set(one.name, value);
    return button;
  }

  sample(one) {
    if (one.kind === "points") return svg("path", { class: "mark", d: MARKS[one.mark % MARKS.length], fill: one.colour, stroke: one.colour });
    if (one.kind === "area") return svg("rect", { x: -8, y: -5, width: 16, height: 10, fill: one.colour, opacity: 0.4 });
    return svg("path", { d: "M-9 0H9", stroke: one.colour, "stroke-width": 2, "stroke-dasharray": one.dash ?? null });
  }

  listen() {
    const at = (event) => event.clientX - this.plot.getBoundingClientRect().left;
    this.plot.addEventListener("pointermove", (event) => {
      this.cursor = this.value(at(event));
      this.height = event.clientY - this.plot.getBoundingClientRect().top;
      if (this.drag) this.drag.to = at(event);
      this.overlay();
    });
    this.plot.addEventListener("pointerleave", () => {
      this.cursor = null;
      this.overlay();
    });
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.drag = { from: at(event), to: at(event) };
      if (event.pointerType === "mouse") this.plot.setPointerCapture(event.pointerId);
    });
    this.plot.addEventListener("pointercancel", () => {
      this.drag = null;
      this.overlay();
    });
    this.plot.addEventListener("pointerup", () => {
      const { drag } = this;
      this.drag = null;
      if (!drag) return;
      const [from, to] = [drag.from, drag.to].sort((a, b) => a - b);
      if (to - from > 12) this.zoom(this.value(from), this.value(to));
      else this.overlay();
    });
    this.plot.addEventListener("dblclick", () => this.zoom(...this.whole()));
    this.plot.addEventListener("keydown", (event) => this.pressed(event));
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const columns = this.columns();
    const last = columns.length - 1;
    const here = this.cursor === null ? last : nearest(columns, this.cursor);
    const go = (index) => {
      this.cursor = columns[Math.min(last, Math.max(0, index))] ?? null;
      this.overlay();
    };
    const scale = (factor) => {
      const middle = this.cursor ?? this.value(EDGE.left + this.inner / 2);
      const [from, to] = this.range.map((end) => this.scaled(end));
      const centre = this.scaled(middle);
      this.zoom(this.unscaled(centre - (centre - from) * factor), this.unscaled(centre + (to - centre) * factor));
    };
    const step = event.shiftKey ? 10 : 1;
    const moves = {
      ArrowLeft: () => go(here - step),
      ArrowRight: () => go(here + step),
      Home: () => go(0),
      End: () => go(last),
      "+": () => scale(0.5),
      "-": () => scale(2),
      Escape: () => this.zoom(...this.whole()),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
  }

  /** Every value of x that is shown, ascending. */
  columns() {
    const shown = this.spec.series.filter((one) => !this.hidden.has(one.name));
    return [...new Set(shown.flatMap((one) => one.x))].sort((a, b) => a - b);
  }

  whole() {
    const all = this.spec.series.flatMap((one) => [one.x[0], one.x.at(-1)]).filter((x) => x !== undefined);
    return this.spec.x.kind === "log" ? this.spec.x.range : [Math.min(...all), Math.max(...all)];
  }

  zoom(from, to) {
    if (!(to > from)) return;
    this.range = [from, to];
    this.draw();
  }

  scaled(x) {
    return this.spec.x.kind === "log" ? Math.log10(x) : x;
  }

  unscaled(x) {
    return this.spec.x.kind === "log" ? 10 ** x : x;
  }

  x(value) {
    const [from, to] = this.range.map((end) => this.scaled(end));
    return EDGE.left + ((this.scaled(value) - from) / (to - from)) * this.inner;
  }

  /** The value at a pixel. */
  value(pixel) {
    const [from, to] = this.range.map((end) => this.scaled(end));
    return this.unscaled(from + ((pixel - EDGE.left) / this.inner) * (to - from));
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (width < 10) return;
    this.size = [width, height];
    this.inner = width - EDGE.left - EDGE.right;
    const base = height - EDGE.bottom;
    const [low, top] = this.reach();
    this.base = base;
    this.y = (value) => base - ((value - low) / (top - low)) * (base - EDGE.top);
    this.plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    [this.node.dataset.from, this.node.dataset.to] = this.range.map(String);
    this.layer = svg("g", {});
    const clip = `within-${(Plot.count = (Plot.count ?? 0) + 1)}`;
    this.plot.replaceChildren(
      svg("defs", {}, svg("clipPath", { id: clip }, svg("rect", { x: EDGE.left, y: 0, width: this.inner, height: base + 1 }))),
      this.grid(low, top),
      svg("g", { "clip-path": `url(#${clip})` }, this.spec.series.filter((one) => !this.hidden.has(one.name)).flatMap((one) => this.shape(one)), this.rule()),
      this.layer,
    );
    this.overlay();
  }

  /** The values of y that are shown: from the given foot to the highest in sight. */
  reach() {
    const { from = 0, top } = this.spec.y;
    if (top !== undefined) return [from, top];
    let most = from;
    for (const one of this.spec.series) {
      if (this.hidden.has(one.name)) continue;
      one.y.forEach((value, i) => {
        if (value > most && one.x[i] >= this.range[0] && one.x[i] <= this.range[1]) most = value;
      });
    }
    return [from, from + Math.max(most - from, 1e-6) * 1.08];
  }

  grid(low, top) {
    const lines = svg("g", { class: "grid" });
    for (const value of valueTicks(low, top)) {
      const y = this.y(value);
      lines.append(
        svg("line", { x1: EDGE.left, x2: EDGE.left + this.inner, y1: y, y2: y }),
        svg("text", { x: EDGE.left - 6, y: y + 4, "text-anchor": "end" }, figure(value)),
      );
    }
    lines.append(svg("text", { class: "title", x: EDGE.left, y: 9 }, this.spec.y.title));
    const [from, to] = this.range;
    const time = this.spec.x.kind === "time";
    const ticks = time ? timeTicks(from, to, Math.max(2, Math.floor(this.inner / 72))) : this.spec.x.ticks.filter((tick) => tick >= from && tick <= to);
    let shown = null;
    for (const tick of ticks) {
      const x = this.x(tick);
      const edge = EDGE.left + this.inner + EDGE.right;
      const place = x + HALF_LABEL > edge ? { x: edge - 1, "text-anchor": "end" } : { x, "text-anchor": "middle" };
      lines.append(
        svg("line", { class: "tick", x1: x, x2: x, y1: this.base, y2: this.base + 4 }),
        svg("text", { ...place, y: this.base + 16 }, time ? clock(tick) : this.spec.x.names?.get(tick) ?? figure(tick)),
      );
      if (time && day(tick) !== shown) {
        shown = day(tick);
        lines.append(svg("text", { class: "day", ...place, y: this.base + 30 }, shown.slice(5)));
      }
    }
    if (this.spec.x.title) lines.append(svg("text", { class: "title", x: EDGE.left + this.inner, y: this.base + 32, "text-anchor": "end" }, this.spec.x.title));
    return lines;
  }

  shape(one) {
    const look = { stroke: one.colour, "stroke-dasharray": one.dash ?? null };
    if (one.kind === "points") {
      return one.x.map((x, i) => svg("g", { transform: `translate(${this.x(x)} ${this.y(one.y[i])})` }, svg("path", { class: "mark", d: MARKS[one.mark % MARKS.length], fill: one.colour, stroke: one.colour })));
    }
    const places = this.places(one);
    const of = (i) => one.y[places[i]];
    const x = (i) => this.x(one.x[places[i]]);
    if (one.kind === "line") return svg("path", { class: "line", d: line(places.length, of, x, this.y), ...look });
    const next = (i) => (i + 1 < places.length ? x(i + 1) : EDGE.left + this.inner);
    const d = steps(places.length, of, (i) => [x(i), one.until !== undefined && i + 1 === places.length ? this.x(one.until) : next(i)], this.y);
    if (one.kind !== "area" || !d) return svg("path", { class: "line", d, ...look });
    const end = one.until === undefined ? EDGE.left + this.inner : this.x(one.until);
    return svg("path", { class: "area", d: `${d}H${end.toFixed(1)}V${this.base}H${x(0).toFixed(1)}Z`, fill: one.colour, stroke: one.colour });
  }

  /** The points in sight, and of many in one column of pixels the highest and the lowest. */
  places(one) {
    const [from, to] = this.range;
    let first = lower(one.x, from) - 1;
    let last = lower(one.x, to) + 1;
    first = Math.max(0, first);
    last = Math.min(one.x.length, last);
    if (last - first <= 4 * this.inner) return Array.from({ length: last - first }, (_, i) => first + i);
    const kept = [];
    for (let i = first; i < last;) {
      const column = Math.floor(this.x(one.x[i]));
      let [low, high] = [i, i];
      const begin = i;
      for (; i < last && Math.floor(this.x(one.x[i])) === column; i += 1) {
        if (one.y[i] < one.y[low]) low = i;
        if (one.y[i] > one.y[high]) high = i;
      }
      kept.push(...[...new Set([begin, low, high, i - 1])].sort((a, b) => a - b));
    }
    return kept;
  }

  rule() {
    if (!this.spec.rule) return null;
    const x = this.x(this.spec.rule.x);
    return svg("g", { class: "rule" }, svg("line", { x1: x, x2: x, y1: EDGE.top, y2: this.base }), svg("text", { x: x - 4, y: EDGE.top + 12, "text-anchor": "end" }, this.spec.rule.label));
  }

  /** Cursor, selection, and the values in the legend. */
  overlay() {
    if (!this.layer) return;
    const parts = [];
    if (this.drag && Math.abs(this.drag.to - this.drag.from) > 3) {
      const [from, to] = [this.drag.from, this.drag.to].sort((a, b) => a - b);
      parts.push(svg("rect", { class: "selection", x: from, y: EDGE.top, width: to - from, height: this.base - EDGE.top }));
    }
    if (this.cursor !== null) {
      const x = this.x(this.cursor);
      parts.push(svg("line", { class: "cursor", x1: x, x2: x, y1: EDGE.top, y2: this.base }));
    }
    this.layer.replaceChildren(...parts);
    this.read();
  }

  /** Writes what each line says at the cursor. */
  read() {
    const said = [];
    const points = this.spec.x.kind === "log" ? this.closest() : null;
    for (const one of this.spec.series) {
      const place = this.values.get(one.name);
      if (!place) continue;
      let words = "";
      if (points && this.cursor !== null) words = points.one === one ? points.words : "";
      else if (this.cursor !== null && one.x.length) {
        const index = one.kind === "line" ? nearest(one.x, this.cursor) : Math.max(0, lower(one.x, this.cursor + 1) - 1);
        words = one.says?.(index) ?? figure(one.y[index]);
      }
      text(place, words);
      if (words && !this.hidden.has(one.name)) said.push(`${one.name} ${words}`);
    }
    if (points && points.curve && this.cursor !== null) said.push(points.words);
    const time = this.spec.x.kind === "time" && this.cursor !== null;
    const head = time ? `${day(this.cursor)} ${clock(this.cursor)}` : points?.curve && this.cursor !== null ? points.words : "";
    text(this.when, head);
    const columns = this.columns();
    this.plot.setAttribute("aria-valuemax", String(Math.max(0, columns.length - 1)));
    this.plot.setAttribute("aria-valuenow", String(this.cursor === null ? 0 : nearest(columns, this.cursor)));
    this.plot.setAttribute("aria-valuetext", [head, ...said].filter(Boolean).join(", ") || MISSING);
  }

  /** The point that is nearest to the pointer. */
  closest() {
    let best = null;
    for (const one of this.spec.series) {
      if (this.hidden.has(one.name)) continue;
      one.x.forEach((x, i) => {
        const across = this.x(x) - this.x(this.cursor ?? x);
        const up = this.height === undefined ? 0 : this.y(one.y[i]) - this.height;
        const distance = across * across + up * up;
        if (!best || distance < best.distance) best = { distance, one, words: one.says?.(i) ?? figure(one.y[i]), curve: one.key === false };
      });
    }
    return best;
  }
}

/** The first place whose value is not below `value`, in an ascending column. */
function lower(column, value) {
  let [from, to] = [0, column.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (column[middle] < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

function nearest(column, value) {
  const after = Math.min(lower(column, value), column.length - 1);
  const before = Math.max(0, after - 1);
  return Math.abs(column[before] - value) <= Math.abs(column[after] - value) ? before : after;
}

function figure(value) {
  if (value === null || value === undefined) return MISSING;
  return value.toLocaleString("en-GB", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 });
}
