// All groups at a glance, the worst first.

import { MISSING, SEVERITY, against, amount, badge, clock, h, number, percent, put, span, stamp, svg, text } from "./dom.js";

const COLUMNS = [
  ["health", "Health", (row) => SEVERITY[row.level] * 1000 + (row.budget.spent_ratio ?? 0)],
  ["name", "Group", (row) => row.name],
  ["capacity", "Capacity", (row) => row.capacity?.in_service ?? -1],
  ["load", "Needs", (row) => row.load.need_instances ?? -1],
  ["budget", "Budget spent", (row) => row.budget.spent_ratio ?? -1],
  ["cost", "Against the baseline", (row) => row.hours.against_baseline ?? -9],
  ["data", "Data age", (row) => -(row.data_at_ms ?? 0)],
];

export const link = (id) => `#/g/${encodeURIComponent(id)}`;

export class Overview {
  constructor() {
    this.order = { by: "health", down: true };
    this.rows = new Map();
    this.tiles = h("dl", { class: "tiles" });
    this.filter = h("input", { type: "search", placeholder: "Filter by name", "aria-label": "Filter groups by name" });
    this.filter.addEventListener("input", () => this.arrange());
    this.heads = COLUMNS.map(([by, label]) => {
      const button = h("button", { type: "button" }, label, h("span", { class: "arrow", "aria-hidden": "true" }));
      button.addEventListener("click", () => this.sort(by));
      return h("th", { scope: "col", class: `c-${by}` }, button);
    });
    this.body = h("tbody", {});
    this.none = h("p", { class: "empty", hidden: true }, "No group has that name.");
    const table = h(
      "table",
      { class: "groups" },
      h("caption", { class: "unseen" }, "Groups; the heads of the columns sort"),
      h("thead", {}, h("tr", {}, this.heads, h("th", { scope: "col", class: "c-spark" }, "Last 6 h"))),
      this.body,
    );
    this.node = h(
      "div",
      { class: "overview" },
      h("div", { class: "titled" }, h("h1", {}, "Groups"), this.filter),
      this.tiles,
      table,
      this.none,
    );
  }

  sort(by) {
    this.order = { by, down: this.order.by === by ? !this.order.down : by !== "name" };
    this.arrange();
  }

  /** Takes in the state; `changed` are the ids whose rows are new. */
  show(state, changed) {
    for (const id of changed) {
      const row = state.groups.get(id);
      let shown = this.rows.get(id);
      if (!shown) {
        shown = new Row(row);
        this.rows.set(id, shown);
        this.added = true;
      }
      shown.show(row);
    }
    for (const [id, shown] of this.rows) {
      if (!state.groups.has(id)) {
        shown.node.remove();
        this.rows.delete(id);
      }
    }
    this.age(state.now());
    this.summary(state);
    this.arrange();
  }

  /** What changes although nothing was said. */
  age(now) {
    for (const shown of this.rows.values()) shown.age(now);
  }

  summary(state) {
    const rows = [...state.groups.values()];
    const count = (test) => rows.filter(test).length;
    const sum = (of) => rows.reduce((total, row) => total + (of(row) ?? 0), 0);
    // Groups with a day of data: the same rows on both sides.
    const counted = (name) => sum((row) => (row.hours.too_early ? 0 : row.hours[name]));
    const baseline = counted("baseline_instance_hours");
    const seconds = (name) => counted(name) / Math.max(1, counted("known_s"));
    const tiles = [
      ["Groups", number(rows.length)],
      ["Need attention", number(count((row) => SEVERITY[row.level] >= SEVERITY.warning))],
      ["In service", number(sum((row) => row.capacity?.in_service))],
      ["Pending", number(sum((row) => row.capacity?.pending))],
      ["Against the baselines", baseline ? compared(counted("used_instance_hours") / baseline, seconds("violation_s"), seconds("baseline_violation_s")) : "too early"],
    ];
    if (state.fleet.bill_usd_per_month !== null) {
      tiles.push(["Calls of AWS a month", `${amount(state.fleet.bill_usd_per_month)} USD`]);
    }
    put(this.tiles, tiles.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
  }

  arrange() {
    const { by, down } = this.order;
    const value = COLUMNS.find(([name]) => name === by)[2];
    const wanted = this.filter.value.trim().toLowerCase();
    const shown = [...this.rows.values()].filter((row) => row.row.id.toLowerCase().includes(wanted));
    const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    shown.sort((a, b) => compare(value(a.row), value(b.row)) * (down ? -1 : 1) || compare(a.row.id, b.row.id));
    const nodes = shown.map((row) => row.node);
    const same = nodes.length === this.body.children.length && nodes.every((node, i) => node === this.body.children[i]);
    if (!same) this.body.replaceChildren(...nodes);
    this.none.hidden = nodes.length > 0 || this.rows.size === 0;
    this.heads.forEach((head, i) => {
      const active = COLUMNS[i][0] === by;
      if (active) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      head.querySelector(".arrow").textContent = active ? (down ? "▼" : "▲") : "";
    });
  }
}

/** Instance-hours against the baseline, never without the violations of both sides. */
function compared(ratio, own, other) {
  return h("span", {}, against(ratio), h("small", {}, ` in violation ${percent(own, 2)} against ${percent(other, 2)}`));
}

class Row {
  constructor(row) {
    this.health = h("td", { class: "c-health" });
    this.doing = h("span", { class: "saying" });
    this.standing = h("span", { class: "saying standing" });
    this.capacity = h("td", { class: "c-capacity", "data-label": "In service" });
    this.load = h("td", { class: "c-load", "data-label": "Needs" });
    this.budget = h("td", { class: "c-budget", "data-label": "Budget spent" });
    this.cost = h("td", { class: "c-cost", "data-label": "Against the baseline" });
    this.data = h("td", { class: "c-data", "data-label": "Data age" });
    this.spark = h("td", { class: "c-spark" });
    const name = h("th", { scope: "row", class: "c-name" }, h("a", { href: link(row.id) }, row.id), this.doing, this.standing);
    this.node = h("tr", {}, this.health, name, this.capacity, this.load, this.budget, this.cost, this.data, this.spark);
  }

  show(row) {
    this.row = row;
    put(this.health, badge(row.level, row.title));
    text(this.doing, row.health.reasons[0] ?? row.story.doing);
    text(this.standing, standing(row));
    const { capacity, load, budget } = row;
    put(this.capacity, capacity ? capacityOf(capacity) : MISSING);
    const later = load.forecast_need_instances;
    text(this.load, `${number(load.need_instances)}${later ? ` → ${later[0]}–${later[4]}` : ""}`);
    text(this.budget, percent(budget.spent_ratio, 0));
    const { too_early: early, against_baseline: ratio, violation_share: own, baseline_violation_share: other, compared: said } = row.hours;
    put(this.cost, early ? "too early" : compared(ratio, own, other));
    this.cost.title = said ?? "";
    put(this.spark, spark(row.spark));
  }

  age(now) {
    const at = this.row.data_at_ms;
    text(this.data, at === null ? MISSING : span(now - at));
    this.data.title = at === null ? "" : `newest period ended ${clock(at, true)} UTC`;
  }
}

/** Mode, orders, the last change and what comes next. */
function standing({ mode, orders, changed, story }) {
  const parts = [`Mode ${mode}`];
  if (orders.paused) parts.push("paused");
  if (orders.pinned !== null) parts.push(`pinned to ${orders.pinned}`);
  if (changed) parts.push(`${changed.withheld ? "would have changed" : "last change"} ${stamp(changed.at_ms)}: ${changed.from} → ${changed.to}`);
  if (story.next) parts.push(story.next);
  return `${parts.join(" · ")}.`;
}

function capacityOf({ in_service: serving, desired, min, max }) {
  const note = serving === desired ? "" : ` → ${desired}`;
  return h("span", {}, h("b", {}, number(serving)), note, h("small", {}, ` ${min}..${max}`));
}

/** Need as a line over what served as bars. */
export function spark({ need_instances: need, in_service: serving }) {
  const [width, height] = [120, 28];
  const top = Math.max(1, ...need.map((n) => n ?? 0), ...serving.map((n) => n ?? 0));
  const step = width / Math.max(1, need.length);
  const y = (value) => height - 1 - (value / top) * (height - 3);
  let [bars, line, open] = ["", "", false];
  need.forEach((value, i) => {
    if (serving[i] !== null) bars += `M${i * step} ${height}V${y(serving[i])}H${(i + 1) * step}V${height}Z`;
    if (value !== null) line += `${open ? "L" : "M"}${(i + 0.5) * step} ${y(value)}`;
    open = value !== null;
  });
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Needed against in service, last 6 hours" },
    svg("path", { class: "serving-area", d: bars }),
    svg("path", { class: "load-line", d: line }),
  );
}
