// The report of a backtest: tables, capacity over time, cost against violation.

import { h } from "./dom.js";
import { HINT, fixed, read, share, table } from "./figures.js";
import { Plot } from "./plot.js";

const summary = read("summary");
const series = read("series");

// Okabe-Ito, the blue a little lighter: distinguishable with every common colour blindness, on white
// and on black.
const COLOURS = ["#1f83c4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#7f7f7f"];
const DASHES = [null, "6 4", "2 3", "8 3 2 3", "12 4", "12 3 3 3"];

// A policy looks the same in every chart of its trace, whatever else is drawn there.
const look = (trace, name) => {
  const place = trace.policies.findIndex((policy) => policy.name === name);
  return { colour: COLOURS[place % COLOURS.length], dash: DASHES[place % DASHES.length], mark: place };
};

// What a person reads: a policy of Foretide says so, the baseline is named with its target.
const labelOf = (trace, name) => {
  const label = trace.policies.find((policy) => policy.name === name)?.label ?? name;
  if (name === "forecast") return "Foretide: forecast";
  return name === "baseline" ? `baseline: ${label}` : label;
};

// A sweep of the baseline is one of the policy that it is chosen from.
const swept = (name) => (name === "baseline" ? "target-tracking" : name);

function capacityChart(data, trace) {
  const time = (cell) => data.start_ms + 1000 * cell * data.step_s;
  const x = data.needed.map((_, cell) => time(cell));
  const until = time(data.needed.length);
  const needed = { name: "demand, in instances needed", kind: "area", x, y: data.needed, colour: "#888888", until };
  const fair = data.policies.some((policy) => policy.name === "baseline");
  const policies = data.policies.map((policy, i) => ({
    ...look(trace, policy.name),
    name: labelOf(trace, policy.name),
    kind: "step",
    x,
    y: policy.in_service,
    until,
    shown: ["forecast", "baseline"].includes(policy.name) || (!fair && i < 2),
    says: (cell) => `${policy.in_service[cell]} in service, ${policy.pending[cell]} pending`,
  }));
  const first = data.start_ms + 86400e3 * trace.setup.warmup_days;
  const last = Math.min(first + 2 * 86400e3, until);
  return new Plot({
    label: `Capacity needed and in service over time, trace ${trace.name}`,
    series: [needed, ...policies],
    x: { kind: "time", range: [first, last] },
    y: { title: "instances" },
  });
}

function costChart(trace) {
  // Zero has no place on a logarithmic axis: it stands at the left edge, and is named there.
  const least = 1e-3;
  const place = (part) => Math.max(100 * part, least);
  const says = (name, ratio, part) => `${name}: cost ratio ${fixed(ratio, 3)}, violation ${share(part, 3)}`;
  const curves = trace.curves.map((curve) => ({
    ...look(trace, curve.name),
    name: swept(curve.name),
    key: false,
    kind: "line",
    x: curve.points.map((point) => place(point.violation_share)),
    y: curve.points.map((point) => point.cost_ratio),
    says: (i) => says(`${swept(curve.name)}, target ${curve.points[i].target} %`, curve.points[i].cost_ratio, curve.points[i].violation_share),
  }));
  const points = trace.policies.filter((policy) => policy.cost_ratio !== null).map((policy) => ({
    ...look(trace, policy.name),
    name: labelOf(trace, policy.name),
    kind: "points",
    x: [place(policy.violation_share)],
    y: [policy.cost_ratio],
    says: () => `cost ratio ${fixed(policy.cost_ratio, 3)}, violation ${share(policy.violation_share, 3)}`,
  }));
  // The far end of a curve costs many times the optimum; what is compared lies near the points.
  const dearest = Math.max(1.5, ...trace.policies.map((policy) => policy.cost_ratio ?? 0));
  return new Plot({
    label: `Cost ratio against violation share, trace ${trace.name}`,
    series: [...curves, ...points],
    x: { kind: "log", range: [0.0008, 100], title: "violation, % of time", ticks: [least, 0.01, 0.1, 1, 10, 100], names: new Map([[least, "≤ 0.001"]]) },
    y: { title: "cost ratio", from: 0.95, top: 1.1 * dearest },
    rule: summary.violation_price_ratio === null ? { x: 100 * summary.violation_budget, label: "budget" } : null,
  });
}

const COLUMNS = [
  ["policy", "Policy, as --policy names it; the baseline with the target that was chosen in hindsight"],
  ["cost ratio", "Instance-hours ÷ hindsight optimum; 1 is the fewest that are possible without a violation"],
  ["violation", "Share of the scored time with utilisation above the objective"],
  ["unserved", "Share of the load beyond 100 % CPU"],
  ["instance-hours", "Instances in service or booting × hours, without the warm-up days"],
  ["USD", "Price of the instance-hours"],
  ["actions", "Changes of desired capacity"],
  ["θU", "Missing instances, in % of the needed instances, averaged over time"],
  ["θO", "Spare instances, in % of the needed instances, averaged over time"],
  ["τU", "% of time with missing instances"],
  ["τO", "% of time with spare instances"],
].map(([text, why]) => ({ text, why }));

function policyTable(trace) {
  const over = (part) => summary.violation_price_ratio === null && part > summary.violation_budget;
  return table(
    `Policies on trace ${trace.name}`,
    COLUMNS,
    trace.policies.map((p) => [
      labelOf(trace, p.name), fixed(p.cost_ratio, 3), { text: share(p.violation_share), over: over(p.violation_share) },
      share(p.unserved_share), fixed(p.instance_hours, 1), fixed(p.cost_usd, 2), fixed(p.actions, 0),
      fixed(p.theta_u, 2), fixed(p.theta_o, 1), fixed(p.tau_u, 2), fixed(p.tau_o, 1),
    ]),
  );
}

const ELASTICITY = "θU and θO: missing and spare instances, in % of the needed instances, averaged over time. " +
  "τU and τO: % of time with missing and with spare instances. (Elasticity metrics of SPEC RG.)";

function curveTable(trace) {
  return [
    h("h3", {}, `Cost ratio at ${share(summary.violation_budget, 1)} violation, best target chosen in hindsight`),
    table(
      `Cost ratio at the violation budget, trace ${trace.name}`,
      [
        { text: "policy", why: "Policy that ran at every target of the sweep" },
        { text: "cost ratio", why: "Instance-hours ÷ hindsight optimum, between the two targets nearest to the violation budget" },
      ],
      trace.curves.map((curve) => [swept(curve.name), fixed(curve.cost_ratio_at_budget, 3) + (curve.is_static ? " (static)" : "")]),
    ),
  ];
}

const priceCells = (row, named) => row.instance_hours === null
  ? [named, "at no price tried", "", ""]
  : [named, fixed(row.instance_hours, 1), fixed(row.over_target_tracking, 2), fixed(row.cost_usd, 2)];

// What the run did in its last seven days stands below what other shares would have cost.
const thisRun = (row) => (row ? [priceCells(row, `this run: ${share(row.violation_share)}`)] : []);

// What each violation share would have cost in the newest week of a policy that follows a budget.
function priceTables(trace) {
  const priced = trace.policies.filter((p) => p.price_list);
  return priced.flatMap((p) => [
    h("h3", {}, `Price list of ${labelOf(trace, p.name)}, last ${fixed(p.price_list.days, 1)} days`),
    table(
      `Price list of ${p.name}, trace ${trace.name}`,
      [
        { text: "violation", why: "Share of the time above the objective. This run: by its own count of its last seven days of UTC" },
        { text: "instance-hours", why: "What that share would have cost, and what this run did cost" },
        { text: "× target tracking", why: `Over target tracking at ${fixed(p.price_list.target_percent, 0)} % in the same days, which was in violation ${share(p.price_list.target_tracking_violation_share)} of the time` },
        { text: "USD", why: "Price of the instance-hours" },
      ],
      [...p.price_list.rows.map((row) => priceCells(row, share(row.violation_share, 1))), ...thisRun(p.price_list.this_run)],
    ),
  ]);
}

function setup(trace) {
  const s = trace.setup;
  const facts = [
    ["from", s.from], ["days", fixed(s.days, 1)], ["warm-up days", s.warmup_days], ["step", `${s.step_s} s`],
    ["one instance serves", fixed(s.unit, 2)], ["bounds", `${s.min}..${s.max}`], ["boot", `${fixed(s.boot_s, 0)} s`],
    ["metric delay", `${s.delay_s} s`], ["metric period", `${s.period_s} s`], ["objective", share(s.slo_utilisation, 0)],
    ["optimum", `${fixed(trace.optimum_hours, 1)} instance-hours`], ["seed", s.seed],
  ];
  return h("dl", {}, facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value)))));
}

const main = document.getElementById("traces");
summary.traces.forEach((trace, i) => {
  const data = series[i];
  const thinned = data.cells > 1 ? ` Each point stands for ${data.cells} steps: the highest need, the fewest in service.` : "";
  main.append(
    h(
      "section",
      {},
      h("h2", {}, trace.name),
      setup(trace),
      policyTable(trace),
      h("p", { class: "soft" }, ELASTICITY),
      h("h3", {}, "Capacity needed and in service"),
      h("p", { class: "soft" }, HINT + thinned),
      capacityChart(data, trace).node,
      h("h3", {}, "Cost against violation"),
      costChart(trace).node,
      priceTables(trace),
      trace.curves.length ? curveTable(trace) : null,
    ),
  );
});
document.getElementById("command").textContent = summary.command;
document.getElementById("made").textContent =
  `Foretide ${summary.foretide_version}, summary schema ${summary.schema_version}. AWS predictive scaling is emulated from its public description.`;
