// The chart of one group: load with its forecast against capacity, in instances over time.
//
// Drawn as SVG from the API's columns. One scale serves all of it: load is shown as the instances
// that would carry it at the objective, so that a load above the capacity is a shortage.

import { MISSING, clock, day, h, number, svg, text } from "./dom.js";
import { areaOf, band, line, steps, timeTicks, valueTicks } from "./draw.js";

const PAD = { left: 38, right: 12, top: 10, bottom: 44 };
const LANE = 18;

const KEYS = [
  ["load", "Needed", "load"],
  ["forecast", "Forecast of needed", "fan"],
  ["in_service", "In service", "serving"],
  ["pending", "Pending", "starting"],
  ["desired", "Desired", "desired"],
  ["baseline", "Baseline", "baseline"],
  ["short", "Too few in service", "short"],
  ["bounds", "Bounds", "bounds"],
];

const SHAPES = {
  scale_out: "M0-6 6 5-6 5Z",
  scale_in: "M0 6-6-5 6-5Z",
  withheld: "M0-6 6 0 0 6-6 0Z",
  failed: "M-5-5 5 5M5-5-5 5",
  foreign: "M-5-5H5V5H-5Z",
  alarm: "M-2-7H2L1 2H-1ZM-2 4H2V7H-2Z",
  recovered: "M-6 0-2 4 6-5",
  operator: "M0-6A6 6 0 1 0 .1-6Z",
  note: "M0-3A3 3 0 1 0 .1-3Z",
};

export class Chart {
  /** `on` has: zoom(from, to), moment(ms), live(). */
  constructor(on) {
    this.on = on;
    /** Where the pointer is, in pixels; null where it is elsewhere. */
    this.hover = null;
    /** The moment that the keys have moved to, in milliseconds. */
    this.at = null;
    this.keyed = false;
    this.moment = null;
    this.data = null;
    this.hidden = new Set();
    this.keys = new Map();
    this.when = h("span", { class: "when" });
    this.legend = h("div", { class: "legend" }, this.when, KEYS.map((key) => this.key(key)));
    this.plot = svg("svg", {
      class: "plot",
      tabindex: 0,
      role: "slider",
      "aria-label": "Load and capacity over time. Arrows move, plus and minus zoom, Enter shows what was known, Escape returns",
      "aria-valuemin": 0,
      "aria-valuemax": 0,
      "aria-valuenow": 0,
    });
    this.node = h("figure", { class: "chart" }, this.legend, h("div", { class: "stage" }, this.plot));
    this.listen();
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  key([name, label, look]) {
    const value = h("span", { class: "value" }, MISSING);
    const said = h("span", {}, label);
    const button = h(
      "button",
      { type: "button", class: "key", "aria-pressed": "true" },
      svg("svg", { class: `swatch ${look}`, viewBox: "0 0 18 10", "aria-hidden": "true" }, svg("path", { d: "M0 5H18" })),
      said,
      " ",
      value,
    );
    button.addEventListener("click", () => {
      const shown = this.hidden.delete(name);
      if (!shown) this.hidden.add(name);
      button.setAttribute("aria-pressed", String(shown));
      this.draw();
    });
    this.keys.set(name, { value, button, said });
    return button;
  }

  listen() {
    const plot = this.plot;
    const at = (event) => event.clientX - plot.getBoundingClientRect().left;
    plot.addEventListener("pointermove", (event) => {
      // A browser says so, too, when the picture changes below a pointer that rests.
      const still = this.pointer?.[0] === event.clientX && this.pointer[1] === event.clientY;
      this.pointer = [event.clientX, event.clientY];
      if (still && this.keyed) return;
      this.keyed = false;
      this.hover = at(event);
      if (this.drag) this.drag.to = at(event);
      this.overlay();
    });
    plot.addEventListener("pointerleave", () => {
      this.hover = null;
      this.overlay();
    });
    plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.drag = { from: at(event), to: at(event) };
      if (event.pointerType === "mouse") plot.setPointerCapture(event.pointerId);
    });
    plot.addEventListener("pointercancel", () => {
      this.drag = null;
      this.overlay();
    });
    plot.addEventListener("pointerup", (event) => {
      const drag = this.drag;
      this.drag = null;
      if (!drag || !this.data) return;
      const [from, to] = [drag.from, drag.to].sort((a, b) => a - b);
      if (to - from > 12) this.on.zoom(this.time(from), this.time(to));
      else this.inspect(this.nearest(this.time(at(event))));
      this.overlay();
    });
    plot.addEventListener("dblclick", () => this.on.zoom(null, null));
    plot.addEventListener("keydown", (event) => this.pressed(event));
    plot.addEventListener("blur", () => {
      this.keyed = false;
      this.overlay();
    });
  }

  pressed(event) {
    if (!this.data || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.data.series.at_ms.length - 1;
    const step = event.shiftKey ? 10 : 1;
    const from = this.cursor() ?? this.nearest(this.moment ?? this.data.now_ms) ?? last;
    const go = (index) => (this.at = this.data.series.at_ms[Math.min(last, Math.max(0, index))]);
    const moves = {
      ArrowLeft: () => go(from - step),
      ArrowRight: () => go(from + step),
      Home: () => go(0),
      End: () => go(last),
      Enter: () => this.inspect(from),
      Escape: () => this.on.live(),
      "+": () => this.scale(0.5),
      "-": () => this.scale(2),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
    if (this.at !== null) this.keyed = true;
    this.overlay();
  }

  /** Zooms around the cursor. */
  scale(factor) {
    const [from, to] = this.range;
    const cursor = this.cursor();
    const middle = cursor === null ? (from + to) / 2 : this.data.series.at_ms[cursor];
    this.on.zoom(middle - (middle - from) * factor, middle + (to - middle) * factor);
  }

  inspect(index) {
    const at = this.data?.series.at_ms[index];
    // The bucket's end: what was known when its last minute was over.
    if (at !== undefined && at <= this.data.now_ms) this.on.moment(Math.min(at + this.data.series.bucket_ms, this.data.now_ms));
  }

  /** The row that is pointed at: by the keys, else by the pointer. */
  cursor() {
    if (this.keyed) return this.nearest(this.at);
    return this.hover === null ? null : this.nearest(this.time(this.hover));
  }

  time(x) {
    const [from, to] = this.range;
    return from + ((x - PAD.left) / this.inner) * (to - from);
  }

  nearest(time) {
    const times = this.data?.series.at_ms ?? [];
    if (!times.length) return null;
    const index = Math.round((time - times[0]) / this.data.series.bucket_ms);
    return Math.min(times.length - 1, Math.max(0, index));
  }

  /** Shows `data`, an answer of the API, over `range` in milliseconds. */
  show(data, range, moment) {
    this.data = data;
    this.range = range;
    this.moment = moment;
    text(this.keys.get("baseline").said, `Baseline: ${data.group.hours.baseline}`);
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (!this.data || width < 10) return;
    this.size = [width, height];
    this.inner = width - PAD.left - PAD.right;
    const { series } = this.data;
    const top = this.top(series);
    const base = height - PAD.bottom - LANE;
    const [from, to] = this.range;
    this.x = (ms) => PAD.left + ((ms - from) / (to - from)) * this.inner;
    this.y = (value) => base - (value / top) * (base - PAD.top);
    this.plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const clip = svg("clipPath", { id: "within" }, svg("rect", { x: PAD.left, y: 0, width: this.inner, height }));
    const hatch = svg(
      "pattern",
      { id: "hatch", width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { class: "hatch-ground", width: 6, height: 6 }),
      svg("rect", { class: "hatch-line", width: 2.5, height: 6 }),
    );
    this.layer = svg("g", {});
    this.plot.replaceChildren(
      svg("defs", {}, clip, hatch),
      this.grid(top, base),
      svg("g", { "clip-path": "url(#within)" }, this.shapes(series, base)),
      this.marks(height),
      this.layer,
    );
    this.overlay();
  }

  top(series) {
    let most = 2;
    const baseline = this.hidden.has("baseline") ? [] : series.baseline_instances;
    for (const column of [series.load_instances, series.in_service, series.desired, baseline]) {
      for (const value of column) if (value > most) most = value;
    }
    if (!this.hidden.has("forecast")) {
      for (const levels of series.forecast_instances) if (levels && levels[4] > most) most = Math.min(levels[4], most * 1.6);
    }
    return most * 1.08;
  }

  grid(top, base) {
    const lines = svg("g", { class: "grid" });
    for (const value of valueTicks(0, top)) {
      const y = this.y(value);
      lines.append(
        svg("line", { x1: PAD.left, x2: PAD.left + this.inner, y1: y, y2: y }),
        svg("text", { x: PAD.left - 6, y: y + 4, "text-anchor": "end" }, number(value, 1)),
      );
    }
    const [from, to] = this.range;
    const room = Math.max(2, Math.floor(this.inner / 72));
    let dayShown = null;
    for (const at of timeTicks(from, to, room)) {
      const x = this.x(at);
      lines.append(
        svg("line", { class: "tick", x1: x, x2: x, y1: base, y2: base + 4 }),
        svg("text", { x, y: base + 16, "text-anchor": "middle" }, clock(at)),
      );
      if (day(at) !== dayShown && x < this.inner) {
        dayShown = day(at);
        lines.append(svg("text", { class: "day", x, y: base + 29, "text-anchor": "middle" }, dayShown.slice(5)));
      }
    }
    return lines;
  }

  shapes(series, base) {
    const times = series.at_ms;
    const width = series.bucket_ms;
    const known = this.moment ?? this.data.now_ms;
    const parts = [];
    const shown = (name) => !this.hidden.has(name);
    const x = (index) => this.x(times[index]);
    const middle = (index) => this.x(times[index] + width / 2);
    const step = (of) => steps(times.length, of, (index) => [x(index), this.x(times[index] + width)], this.y);
    if (shown("in_service")) {
      parts.push(svg("path", { class: "serving-area", d: areaOf(times.length, (i) => series.in_service[i], (i) => [x(i), this.x(times[i] + width)], this.y, () => base) }));
    }
    if (shown("pending")) {
      const coming = (i) => (series.pending[i] ? series.in_service[i] + series.pending[i] : null);
      parts.push(svg("path", { class: "starting-area", d: areaOf(times.length, coming, (i) => [x(i), this.x(times[i] + width)], this.y, (i) => this.y(series.in_service[i])) }));
    }
    if (shown("forecast")) {
      const ahead = (this.data.group.load.forecast_ahead_s ?? 0) * 1000;
      const usable = (i) => (times[i] <= known + ahead ? series.forecast_instances[i] : null);
      for (const [low, high] of [[0, 4], [0, 2], [0, 1]]) {
        const d = band(times.length, (i) => usable(i)?.[low] ?? null, (i) => usable(i)?.[high] ?? null, middle, this.y);
        parts.push(svg("path", { class: "fan-area", d }));
      }
      parts.push(svg("path", { class: "fan-line", d: line(times.length, (i) => usable(i)?.[0] ?? null, middle, this.y) }));
    }
    if (shown("short") && shown("load") && shown("in_service")) {
      const short = (i) => (series.load_instances[i] !== null && series.in_service[i] !== null && series.load_instances[i] > series.in_service[i] ? series.load_instances[i] : null);
      parts.push(svg("path", { class: "short-area", d: areaOf(times.length, short, (i) => [x(i), this.x(times[i] + width)], this.y, (i) => this.y(series.in_service[i])) }));
    }
    if (shown("bounds")) for (const bound of ["min", "max"]) parts.push(svg("path", { class: "bound", d: step((i) => series[bound][i]) }));
    if (shown("baseline")) parts.push(svg("path", { class: "baseline-line", d: step((i) => series.baseline_instances[i]) }));
    if (shown("in_service")) parts.push(svg("path", { class: "serving-line", d: step((i) => series.in_service[i]) }));
    if (shown("desired")) parts.push(svg("path", { class: "desired-line", d: step((i) => series.desired[i]) }));
    if (shown("load")) parts.push(svg("path", { class: "load-line", d: line(times.length, (i) => series.load_instances[i], middle, this.y) }));
    const at = this.x(known);
    parts.push(
      svg("rect", { class: "future", x: at, y: 0, width: Math.max(0, PAD.left + this.inner - at), height: base }),
      svg("line", { class: this.moment ? "moment-line" : "now-line", x1: at, x2: at, y1: 0, y2: base + 4 }),
    );
    return parts;
  }

  marks(height) {
    const lane = svg("g", { class: "marks" });
    const y = height - LANE / 2 - 4;
    lane.append(svg("line", { class: "lane", x1: PAD.left, x2: PAD.left + this.inner, y1: y, y2: y }));
    const [from, to] = this.range;
    for (const mark of this.data.marks) {
      if (mark.at_ms < from || mark.at_ms > to) continue;
      const place = svg("g", { class: `mark ${mark.kind}`, transform: `translate(${this.x(mark.at_ms)} ${y})` });
      place.append(svg("path", { d: SHAPES[mark.kind] ?? SHAPES.note }), svg("title", {}, `${clock(mark.at_ms, true)} ${mark.from === null ? "" : `${mark.from} → ${mark.to}: `}${mark.text}`));
      lane.append(place);
    }
    return lane;
  }

  /** Cursor, selection, and the values in the legend. */
  overlay() {
    if (!this.layer || !this.data) return;
    const { series, now_ms: now } = this.data;
    const parts = [];
    if (this.drag && Math.abs(this.drag.to - this.drag.from) > 3) {
      const [from, to] = [this.drag.from, this.drag.to].sort((a, b) => a - b);
      parts.push(svg("rect", { class: "selection", x: from, y: PAD.top, width: to - from, height: this.size[1] - PAD.top - PAD.bottom }));
    }
    const cursor = this.cursor();
    const index = cursor ?? this.nearest(this.moment ?? this.lastKnown());
    if (cursor !== null) {
      const x = this.x(series.at_ms[index] + series.bucket_ms / 2);
      parts.push(svg("line", { class: "cursor", x1: x, x2: x, y1: PAD.top, y2: this.size[1] - LANE }));
      for (const [name, look] of [["load_instances", "load"], ["in_service", "serving"], ["desired", "desired"]]) {
        const value = series[name][index];
        if (value !== null) parts.push(svg("circle", { class: `dot ${look}`, cx: x, cy: this.y(value), r: 3.5 }));
      }
    }
    this.layer.replaceChildren(...parts);
    if (index !== null) this.read(index, now);
  }

  lastKnown() {
    const { series, now_ms: now } = this.data;
    for (let i = series.at_ms.length - 1; i >= 0; i -= 1) {
      if (series.at_ms[i] <= now && series.in_service[i] !== null && series.load_instances[i] !== null) return series.at_ms[i];
    }
    return now;
  }

  read(index, now) {
    const { series } = this.data;
    const fan = series.forecast_instances[index];
    const of = (column) => number(series[column][index], 1);
    const values = {
      load: of("load_instances"),
      forecast: fan ? `${number(fan[0], 1)}–${number(fan[4], 1)}` : MISSING,
      in_service: of("in_service"),
      pending: of("pending"),
      desired: of("desired"),
      baseline: of("baseline_instances"),
      short: missing(series.need_instances[index], series.in_service[index]),
      bounds: series.min[index] === null ? MISSING : `${series.min[index]}–${series.max[index]}`,
    };
    for (const [name, { value }] of this.keys) text(value, values[name]);
    const at = series.at_ms[index];
    text(this.when, `${clock(at)}${at > now ? " ahead" : ""}`);
    this.plot.setAttribute("aria-valuemax", String(series.at_ms.length - 1));
    this.plot.setAttribute("aria-valuenow", String(index));
    const said = KEYS.map(([name, label]) => `${label} ${values[name]}`).join(", ");
    this.plot.setAttribute("aria-valuetext", `${day(at)} ${clock(at)}: ${said}`);
  }
}

/** Instances that are needed and not in service. */
function missing(needed, serving) {
  return needed === null || serving === null ? MISSING : number(Math.max(0, needed - serving));
}
