// What the controller says of the hours to come, and what its promise costs. Drawn, not computed:
// every figure is the API's.

import { MISSING, amount, clock, day, h, number, percent, put, stamp, svg } from "./dom.js";
import { band, line, timeTicks, valueTicks } from "./draw.js";

const HOUR = 3600000;
const PAD = { left: 38, right: 12, top: 14, bottom: 34 };

/** The next two days by the hour, on a chart of their own: the scale is hours, not minutes. */
export class Outlook {
  constructor() {
    this.said = h("p", {});
    this.plot = svg("svg", { class: "plot", role: "img" });
    this.note = h("p", { class: "note" });
    this.node = h(
      "section",
      { class: "card outlook", hidden: true },
      h("h2", {}, "The next 48 hours"),
      this.said,
      h("div", { class: "stage" }, this.plot),
      this.note,
    );
    new ResizeObserver(() => this.draw()).observe(this.plot);
  }

  /** Shows `outlook`, an answer of the API or null, against the group's maximum. */
  show(outlook, max) {
    this.node.hidden = !outlook;
    this.outlook = outlook;
    this.max = max;
    if (!outlook) return;
    const { most, levels } = outlook;
    const high = percent(levels.at(-1), 0);
    const bound = max === null ? "" : most.need_instances > max ? `; the group's maximum is ${max}, which may be too few` : `; the group's maximum is ${max}`;
    const told = `Most is needed from ${stamp(most.at_ms)}: up to ${number(most.need_instances)} instances (${high} quantile)${bound}.`;
    put(this.said, told);
    const { at_ms: times, need_instances: needs } = outlook;
    put(this.note, `Line: the median of the instances needed. Bands: up to the ${percent(levels[1], 0)} and the ${high} quantile. Seen at ${stamp(outlook.of_ms)} from the same hours of earlier days. For people and warnings: it decides no capacity.`);
    this.plot.setAttribute("aria-label", `Instances needed from ${stamp(times[0])} to ${stamp(times.at(-1) + HOUR)}. Median of the first hour ${number(needs[0][0], 1)}. ${told}`);
    this.draw();
  }

  draw() {
    const { clientWidth: width, clientHeight: height } = this.plot;
    if (!this.outlook || this.node.hidden || width < 10) return;
    const { at_ms: times, need_instances: needs, most } = this.outlook;
    const [from, to] = [times[0], times.at(-1) + HOUR];
    // An hour that was never observed is a gap, and no line through it.
    const known = new Map(times.map((at, i) => [at, needs[i]]));
    const hours = Array.from({ length: Math.round((to - from) / HOUR) }, (_, n) => from + n * HOUR);
    const peak = Math.max(1, most.need_instances, ...needs.map((levels) => levels.at(-1)));
    const drawn = this.max !== null && this.max <= 2 * peak;
    const top = 1.12 * (drawn ? Math.max(peak, this.max) : peak);
    const [inner, base] = [width - PAD.left - PAD.right, height - PAD.bottom];
    const x = (ms) => PAD.left + ((ms - from) / (to - from)) * inner;
    const y = (value) => base - (value / top) * (base - PAD.top);
    const middle = (n) => x(hours[n] + HOUR / 2);
    const level = (n, which) => known.get(hours[n])?.[which] ?? null;
    this.plot.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.plot.replaceChildren(
      axes({ from, to, top, x, y, base, inner }),
      ...[2, 1].map((which) => svg("path", { class: "fan-area", d: band(hours.length, (n) => level(n, 0), (n) => level(n, which), middle, y) })),
      svg("path", { class: "load-line", d: line(hours.length, (n) => level(n, 0), middle, y) }),
      ...(drawn ? [bound(this.max, y, inner)] : []),
      svg("circle", { class: "dot load most", cx: x(most.at_ms + HOUR / 2), cy: y(known.get(most.at_ms)?.at(-1) ?? most.need_instances), r: 4 }),
      ...hours.map((at) => over(at, known.get(at), x, base, inner / hours.length)),
    );
  }
}

function axes({ from, to, top, x, y, base, inner }) {
  const lines = svg("g", { class: "grid" });
  for (const value of valueTicks(0, top)) {
    lines.append(
      svg("line", { x1: PAD.left, x2: PAD.left + inner, y1: y(value), y2: y(value) }),
      svg("text", { x: PAD.left - 6, y: y(value) + 4, "text-anchor": "end" }, number(value, 1)),
    );
  }
  let shown = null;
  for (const at of timeTicks(from, to, Math.max(2, Math.floor(inner / 60)))) {
    lines.append(svg("line", { class: "tick", x1: x(at), x2: x(at), y1: base, y2: base + 4 }));
    // A label at the edge would be cut off.
    if (x(at) > PAD.left + inner - 8) continue;
    lines.append(svg("text", { x: x(at), y: base + 16, "text-anchor": "middle" }, clock(at)));
    if (day(at) === shown) continue;
    shown = day(at);
    lines.append(svg("text", { class: "day", x: x(at), y: base + 29, "text-anchor": "middle" }, shown.slice(5)));
  }
  return lines;
}

function bound(max, y, inner) {
  return svg("g", { class: "grid" }, svg("line", { class: "bound", x1: PAD.left, x2: PAD.left + inner, y1: y(max), y2: y(max) }), svg("text", { x: PAD.left + inner, y: y(max) - 4, "text-anchor": "end" }, `maximum ${max}`));
}

/** An hour's figures, below the pointer. */
function over(at, levels, x, base, width) {
  const said = levels ? `${levels.map((level) => number(level, 1)).join(" / ")} instances` : "never observed";
  return svg("rect", { class: "over", x: x(at), y: 0, width, height: base }, svg("title", {}, `${stamp(at)}: ${said}`));
}

/** What each share of time in violation would have cost, and where the group stands among them. */
export class Prices {
  constructor() {
    this.rows = h("tbody", {});
    this.heads = h("tr", {});
    this.note = h("p", { class: "note" });
    this.node = h(
      "section",
      { class: "card prices", hidden: true },
      h("h2", {}, "What each share of time in violation would have cost"),
      h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Price list" }, h("table", {}, h("thead", {}, this.heads), this.rows)),
      this.note,
    );
  }

  show(list, { hours, budget }) {
    this.node.hidden = !list;
    if (!list) return;
    const { currency } = hours;
    const tracking = `target tracking at ${number(list.target_percent)} %`;
    const heads = ["In violation", "Instances, mean", `× ${tracking}`, ...(currency ? [`${currency} a day`] : [])];
    put(this.heads, heads.map((head) => h("th", { scope: "col" }, head)));
    const rows = [
      ...list.rows.map((row) => ({ ...row, name: percent(row.violation_share, 1) })),
      { ...list.target_tracking, name: `${percent(list.target_tracking.violation_share, 2)}: ${tracking}` },
    ];
    const { today } = list;
    rows.sort((a, b) => a.violation_share - b.violation_share);
    // Of other days than the list: not between its rows.
    if (today) rows.push({ ...today, name: `${percent(today.violation_share, 2)}: this group, last 7 days`, own: true });
    put(this.rows, rows.map((row) => h("tr", { class: row.own ? "own" : null }, h("th", { scope: "row" }, row.name), cells(row, currency))));
    const until = list.until_ms === null ? "" : ` until ${stamp(list.until_ms)}`;
    const own = today ? ` The last row is of other days, the last 7 of UTC, and against target tracking in those: its ratio and share can be compared, its cost hardly.` : ` This group has no point yet: a share needs a day of data.`;
    put(this.note, `The group's own load of ${number(list.days, 1)} day${list.days === 1 ? "" : "s"}${until}, in hindsight at one price: a group that has to find the price pays more.${own} The budget allows ${percent(budget.allowed_share, 2)}.`);
  }
}

function cells(row, currency) {
  if (row.instances === null) return [h("td", {}, "at no price tried"), h("td", {}, MISSING), currency ? h("td", {}, MISSING) : null];
  const ratio = row.over_target_tracking === null ? MISSING : row.over_target_tracking.toFixed(2);
  return [
    h("td", {}, number(row.instances, 1)),
    h("td", {}, ratio),
    currency ? h("td", {}, amount(row.cost_a_day)) : null,
  ];
}
