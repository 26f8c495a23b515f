// One group: what it does, why, what comes next, whether it is well; and its history.

import { Outlook, Prices } from "./ahead.js";
import { Chart } from "./chart.js";
import { Controls } from "./controls.js";
import { MISSING, against, amount, badge, clock, h, number, percent, put, span, stamp, text } from "./dom.js";
import { ask } from "./stream.js";

const HOUR = 3600000;
/** Longest window that the store is read for. */
const STORE = 7 * 24 * HOUR;
const RANGES = [["1 h", HOUR], ["6 h", 6 * HOUR], ["24 h", 24 * HOUR], ["All", null]];
/** Least time between two readings of the columns. */
const PAUSE_MS = 1000;

export class Group {
  constructor(id, state) {
    this.id = id;
    this.state = state;
    this.range = 6 * HOUR;
    this.zoomed = null;
    this.moment = null;
    /** The answer for the moment looked at. */
    this.then = null;
    this.chart = new Chart({
      zoom: (from, to) => this.zoom(from, to),
      moment: (at) => this.inspect(at),
      live: () => this.live(),
    });
    this.build();
    this.load();
  }

  build() {
    this.title = h("h1", {}, this.id);
    this.level = h("span", {});
    this.chips = h("p", { class: "chips" });
    this.parts = Object.fromEntries(["doing", "why", "next", "health"].map((name) => [name, h("p", {})]));
    const card = (name, label) => h("section", { class: `card story ${name}` }, h("h2", {}, label), this.parts[name]);
    this.ranges = RANGES.map(([label, range]) => {
      const button = h("button", { type: "button" }, label);
      button.addEventListener("click", () => {
        this.range = range;
        this.zoomed = null;
        this.load();
      });
      return button;
    });
    this.slider = h("input", { type: "range", class: "history", "aria-label": "History: pick a moment of the past", step: 60000 });
    this.slider.addEventListener("input", () => this.inspect(Number(this.slider.value)));
    this.from = h("span", {});
    this.to = h("span", {});
    this.past = h("p", { class: "past", hidden: true });
    this.backText = h("span", {});
    const back = h("button", { type: "button" }, "Back to live");
    back.addEventListener("click", () => this.live());
    put(this.past, this.backText, back);
    this.decision = h("section", { class: "card decision" });
    this.figures = h("dl", { class: "tiles" });
    this.life = h("section", { class: "card lifecycle" });
    this.events = h("ol", { class: "events" });
    this.before = h("p", { class: "note", hidden: true });
    this.outlook = new Outlook();
    this.prices = new Prices();
    this.ahead = h("div", { class: "pair", hidden: true }, this.outlook.node, this.prices.node);
    this.controls = new Controls(this.id, () => this.state.now());
    this.node = h(
      "div",
      { class: "group" },
      h("p", { class: "crumb" }, h("a", { href: "#/" }, "All groups")),
      h("div", { class: "titled" }, this.title, this.level, this.chips),
      h("div", { class: "stories" }, card("doing", "Now"), card("why", "Why"), card("next", "Next"), card("health", "Health")),
      h(
        "section",
        { class: "card" },
        h("div", { class: "titled" }, h("h2", {}, "Needed and running instances"), h("div", { class: "ranges", role: "group", "aria-label": "Range" }, this.ranges)),
        this.chart.node,
        h("div", { class: "scroll" }, this.from, this.slider, this.to),
        this.before,
        this.past,
      ),
      this.figures,
      this.ahead,
      h("div", { class: "pair" }, this.decision, h("div", {}, this.life, this.controls.node, h("section", { class: "card" }, h("h2", {}, "What happened"), this.events))),
    );
  }

  /** The window asked for: zoomed, or the range up to what is forecast. */
  window(now) {
    if (this.zoomed) return this.zoomed;
    const ahead = (this.state.groups.get(this.id)?.load.forecast_ahead_s ?? 0) * 1000;
    const oldest = Math.min(this.data?.history_from_ms ?? now - this.range, now - HOUR / 2);
    const from = this.range === null ? oldest : Math.max(now - this.range, oldest);
    return [from, now + Math.max(ahead, (now - from) / 40)];
  }

  async load() {
    const now = this.state.now();
    const [from, to] = this.window(now);
    const points = Math.max(120, Math.min(1200, Math.round(this.node.clientWidth || 700)));
    this.asked = performance.now();
    this.loading = true;
    try {
      // Who follows the group asks every second: the store is read for a window of the past alone.
      const memory = !this.zoomed || to - from > STORE;
      const path = `/api/v1/groups/${encodeURIComponent(this.id)}?from=${Math.round(from)}&to=${Math.round(to)}&points=${points}&memory=${memory}`;
      this.data = await ask(path);
    } catch (error) {
      this.refused(error);
      return;
    } finally {
      this.loading = false;
    }
    this.show();
  }

  /** A group that is not there has no page; a server that is not there is said by the banner. */
  refused(error) {
    if (error.status === 404) put(this.node, h("p", { class: "empty" }, `There is no group ${this.id}.`), h("a", { href: "#/" }, "All groups"));
    else if (error.status) {
      this.past.hidden = false;
      text(this.backText, `This window cannot be read: ${error.message}`);
    }
  }

  /** A new row of the group has come. */
  changed() {
    this.head();
    const wait = PAUSE_MS - (performance.now() - (this.asked ?? 0));
    if (this.loading || this.timer) return;
    this.timer = setTimeout(() => {
      this.timer = null;
      if (this.node.isConnected) this.load();
    }, Math.max(0, wait));
  }

  /** The row that is shown: of now, or of the moment looked at. */
  row() {
    return this.moment === null ? this.state.groups.get(this.id) : this.then?.group;
  }

  head() {
    const live = this.state.groups.get(this.id);
    if (live) this.controls.show(live, this.state.fleet.controls);
    const row = this.row();
    if (!row) return;
    const now = this.moment ?? this.state.now();
    put(this.level, badge(row.level ?? row.health.level, row.title ?? row.health.title));
    const mode = row.dry_run ? `${row.mode}, dry run` : row.mode;
    const data = row.data_at_ms === null ? "no data yet" : `data ${span(now - row.data_at_ms)} old`;
    const looked = row.checked_at_ms === null ? "not checked yet" : `checked ${span(Math.max(0, now - row.checked_at_ms))} ago`;
    put(this.chips, [`policy ${row.policy}`, `mode ${mode}`, data, looked].map((chip) => h("span", { class: "chip" }, chip)));
    text(this.parts.doing, row.story.doing);
    text(this.parts.why, row.story.why ?? "No decision is known.");
    text(this.parts.next, row.story.next ?? `There is no forecast; the group is checked every ${span(row.interval_ms)}.`);
    this.healthy(row.health);
    this.node.querySelector(".card.health").dataset.level = row.level ?? row.health.level;
  }

  /** Each condition with its reason, since when it holds, and what to do. */
  healthy({ conditions }) {
    if (!conditions.length) return text(this.parts.health, "Healthy: data is fresh, launches and writes work.");
    return put(this.parts.health, conditions.map(({ reason, since_ms: since, next_step: step }) => h(
      "span",
      { class: "condition" },
      `${upper(reason)}, since ${stamp(since)}.`,
      step ? h("small", {}, ` ${upper(step)}.`) : null,
    )));
  }

  show() {
    const { data } = this;
    if (!data) return;
    this.head();
    this.chart.show(data, this.window(data.now_ms), this.moment);
    this.ranges.forEach((button, i) => button.setAttribute("aria-pressed", String(!this.zoomed && RANGES[i][1] === this.range)));
    const oldest = data.kept_from_ms ?? data.now_ms;
    this.slider.min = String(Math.ceil(oldest / 60000) * 60000);
    this.slider.max = String(data.now_ms);
    this.slider.value = String(this.moment ?? data.now_ms);
    text(this.from, stamp(oldest));
    text(this.to, this.moment === null ? "live" : stamp(data.now_ms));
    this.history(data.series);
    this.happened(data.marks);
    // Both are of now, and no part of what was known then.
    const live = this.moment === null;
    this.ahead.hidden = !live || (!data.outlook && !data.price_list);
    this.outlook.show(live ? data.outlook : null, data.group.capacity?.max ?? null);
    this.prices.show(live ? data.price_list : null, data.group);
    const shown = this.moment === null ? data : this.then;
    if (!shown) return;
    this.money(shown);
    this.lifecycle(shown.group.capacity);
    this.explain(shown.decision, this.moment === null ? "Last decision" : "Decision that stood then");
  }

  /** Where load is known before capacity is, the chart says whose load it is. */
  history({ at_ms: times, load_instances: loads, in_service: serving }) {
    const load = loads.findIndex((value) => value !== null);
    const served = serving.findIndex((value) => value !== null);
    const until = served < 0 ? times.at(-1) : times[served];
    this.before.hidden = load < 0 || until - times[load] < HOUR / 4;
    text(this.before, `Before ${stamp(until)} the load alone is shown: the forecast read it from the group's history. Where Foretide already ran then, zoom in to see the instances.`);
  }

  money({ group, accuracy }) {
    const { budget, hours, load } = group;
    const covered = accuracy.coverage_week;
    const price = hours.price_per_instance_hour;
    const used = hours.used_instance_hours;
    const money = (of) => (price && of !== null ? `${amount(of * price)} ${hours.currency}` : `${number(of, 1)} instance-hours`);
    const both = (other) => `${price ? amount(used * price) : number(used, 1)} against ${money(other)}`;
    // Below a day of data there are hours, and no share of them.
    const early = (share) => (hours.too_early ? "too early" : share);
    const wait = `a share needs a day of data; ${span(hours.known_s * 1000)} so far`;
    const violation = `${span(hours.violation_s * 1000)} in violation, ${hours.baseline} ${span(hours.baseline_violation_s * 1000)}`;
    const since = hours.since_ms === null ? "not counted yet" : `since ${stamp(hours.since_ms)}, ${span(hours.known_s * 1000)} of data`;
    const tiles = [
      [this.moment === null ? "CPU now" : "CPU then", load.cpu_percent === null ? MISSING : `${number(load.cpu_percent, 1)} %`, `in violation above ${number(budget.objective_percent)} %`],
      ["Violation budget", early(`${percent(budget.spent_ratio, 0)} spent`), hours.too_early ? `${violation}; ${wait}` : `${percent(budget.violation_share, 2)} of the time, ${percent(budget.allowed_share, 2)} is allowed; ${violation}`, budget.spent_ratio],
      ["Forecast coverage, last 7 days", covered ? percent(covered[1], 1) : MISSING, covered ? `of loads were at or below the 90 % quantile (ideal 90.0 %); ${percent(covered[4], 1)} at or below the 99.6 % quantile` : "no forecast period has passed yet"],
      ["Used", used === null ? MISSING : money(used), price && used !== null ? `${number(used, 1)} instance-hours ${since}` : since],
      ["Against the baseline", early(against(hours.against_baseline)), hours.too_early ? wait : `${both(hours.baseline_instance_hours)}: ${hours.compared}`],
      ["Against the hindsight optimum", early(`× ${number(hours.against_optimum, 2)}`), hours.too_early ? wait : both(hours.optimum_instance_hours)],
    ];
    put(this.figures, tiles.map(([name, value, note, meter]) => h(
      "div",
      {},
      h("dt", {}, name),
      h("dd", {}, figure(value), meter === undefined || meter === null ? null : h("meter", { min: 0, max: 1, high: 0.8, optimum: 0, value: Math.min(1, meter), "aria-label": name }), h("small", {}, note)),
    )));
  }

  lifecycle(capacity) {
    if (!capacity) return put(this.life, h("h2", {}, "Instances"), h("p", { class: "empty" }, "Not read yet."));
    const parts = [["in_service", "In service"], ["pending", "Pending"], ["standby", "Standby"], ["terminating", "Terminating"]];
    const total = Math.max(1, parts.reduce((sum, [name]) => sum + capacity[name], 0));
    const bar = h("div", { class: "stack", "aria-hidden": "true" }, parts.map(([name]) => {
      const part = h("span", { class: name });
      part.style.flexGrow = String(capacity[name] / total);
      return part;
    }));
    put(
      this.life,
      h("h2", {}, "Instances"),
      bar,
      h("dl", { class: "counts" }, parts.map(([name, label]) => h("div", {}, h("dt", {}, h("span", { class: `key-${name}`, "aria-hidden": "true" }), label), h("dd", {}, number(capacity[name]))))),
      h("p", { class: "note" }, `desired ${capacity.desired}, bounds ${capacity.min}..${capacity.max}`),
    );
  }

  happened(marks) {
    const newest = marks.filter((mark) => this.moment === null || mark.at_ms <= this.moment).slice(-40).reverse();
    put(this.events, newest.map((mark) => h("li", { class: mark.kind }, h("time", {}, clock(mark.at_ms, true)), " ", told(mark))));
    if (!newest.length) put(this.events, h("li", {}, "Nothing in this window."));
  }

  explain(decision, title) {
    const open = this.decision.querySelector("details")?.open ?? false;
    if (!decision) return put(this.decision, h("h2", {}, title), h("p", { class: "empty" }, "None is kept."));
    const change = decision.to === decision.from ? `hold at ${decision.from}` : `${decision.from} → ${decision.to}`;
    const details = h("details", {}, h("summary", {}, "Every input"), h("div", { class: "sections" }, decision.sections.map(section)));
    details.open = open;
    return put(
      this.decision,
      h("h2", {}, title),
      h("p", { class: "verdict" }, h("b", {}, change), h("time", {}, ` ${stamp(decision.at_ms)}:${clock(decision.at_ms, true).slice(-2)}`)),
      h("p", { class: "sentence" }, decision.sentence),
      details,
    );
  }

  zoom(from, to) {
    const least = 10 * 60000;
    if (from === null || to === null) this.zoomed = null;
    else {
      const middle = (from + to) / 2;
      const half = Math.max(least, to - from) / 2;
      const now = this.state.now();
      this.zoomed = [middle - half, Math.min(middle + half, now + 2 * HOUR)];
    }
    this.load();
  }

  /** Looks at a moment of the past and puts it into the address, where it can be shared. */
  inspect(at) {
    const address = `#/g/${encodeURIComponent(this.id)}?at=${new Date(Math.round(at)).toISOString()}`;
    // A slider that is dragged makes one step back and not a hundred.
    history[this.moment === null ? "pushState" : "replaceState"](null, "", address);
    this.at(at);
  }

  live() {
    if (this.moment !== null) history.pushState(null, "", `#/g/${encodeURIComponent(this.id)}`);
    this.at(null);
  }

  /** Shows a moment in every card and tile; none is now. */
  async at(moment) {
    if (moment === this.moment) return;
    this.moment = moment;
    this.past.hidden = moment === null;
    this.node.classList.toggle("then", moment !== null);
    if (moment === null) {
      this.then = null;
      this.zoomed = null;
      this.load();
      return;
    }
    this.slider.value = String(moment);
    text(this.backText, `What was known at ${stamp(moment)}`);
    const [from, to] = this.window(this.state.now());
    if (moment < from || moment > to) this.zoomed = [moment - (to - from) / 2, moment + (to - from) / 2];
    this.show();
    try {
      const then = await ask(`/api/v1/groups/${encodeURIComponent(this.id)}/at?time=${Math.round(moment)}`);
      if (this.moment !== moment) return;
      this.then = then;
    } catch (error) {
      if (this.moment === moment) text(this.backText, `What was known at ${stamp(moment)} cannot be read: ${error.message}`);
    }
    this.show();
    if (this.zoomed) this.load();
  }
}

/** The unit after a number is written small. */
function figure(value) {
  const [, amount, unit] = value.match(/^(.*\d) ([a-zA-Z-]{3,})$/) ?? [null, value, null];
  return h("span", {}, amount, unit ? [" ", h("span", { class: "unit" }, unit)] : null);
}

/** A change in a word and two numbers; everything else in its own sentence. */
function told({ kind, from, to, text: sentence }) {
  const change = { scale_out: "Scale out", scale_in: "Scale in" }[kind];
  return change ? `${change} ${from} → ${to}` : sentence;
}

const upper = (words) => words.charAt(0).toUpperCase() + words.slice(1);

function section({ title, facts }) {
  return h("section", {}, h("h3", {}, upper(title)), h("dl", { class: "facts" }, facts.map(({ label, text: said }) => h("div", {}, h("dt", {}, upper(label)), h("dd", { class: said === "not known" ? "missing" : null }, said)))));
}
