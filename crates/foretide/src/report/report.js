"use strict";
(() => {
  const summary = read("summary");
  const series = read("series");
  // Okabe-Ito, the blue a little lighter: distinguishable with every common colour blindness, on
  // white and on black.
  const colours = ["#1f83c4", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#7f7f7f"];
  const dashes = ["solid", "dash", "dot", "dashdot", "longdash", "longdashdot"];
  // A policy looks the same in every chart of its trace, whatever else is drawn there.
  const look = (trace, name) => {
    const place = trace.policies.findIndex((policy) => policy.name === name);
    return { colour: colours[place % colours.length], dash: dashes[place % dashes.length], symbol: place };
  };

  const capacityChart = (parent, data, trace) => {
    const time = (seconds) => new Date(data.start_ms + 1000 * seconds).toISOString();
    const end = data.needed.length * data.step_s;
    const needed = {
      name: "needed", x: data.needed.map((_, i) => time(i * data.step_s)), y: data.needed,
      mode: "lines", line: { shape: "hv", width: 1, color: "#888888" }, fill: "tozeroy", fillcolor: "rgba(136,136,136,0.25)",
    };
    const policies = data.policies.map((policy, i) => ({
      name: policy.name, x: [...policy.at_s, end].map(time), y: [...policy.in_service, policy.in_service.at(-1)],
      customdata: [...policy.pending, policy.pending.at(-1)],
      hovertemplate: "%{y} in service, %{customdata} pending",
      mode: "lines", line: { shape: "hv", width: 1.6, color: look(trace, policy.name).colour, dash: look(trace, policy.name).dash },
      visible: i < 2 ? true : "legendonly",
    }));
    const first = 1000 * 86400 * trace.setup.warmup_days + data.start_ms;
    const last = Math.min(first + 2 * 86400e3, data.start_ms + 1000 * end);
    draw(parent, `Capacity needed and in service over time, trace ${trace.name}`, [needed, ...policies], {
      hovermode: "x unified",
      xaxis: { type: "date", tickangle: 0, nticks: 8, range: [new Date(first).toISOString(), new Date(last).toISOString()] },
      yaxis: { title: { text: "instances" }, rangemode: "tozero" },
    });
  };

  const costChart = (parent, trace) => {
    // Zero has no place on a logarithmic axis: it stands at the left edge, and is named there.
    const least = 1e-3;
    const ticks = { tickvals: [least, 0.01, 0.1, 1, 10, 100], ticktext: ["≤ 0.001", "0.01", "0.1", "1", "10", "100"] };
    const place = (share) => Math.max(100 * share, least);
    const curves = trace.curves.map((curve) => ({
      name: curve.name, legendgroup: curve.name, showlegend: false,
      x: curve.points.map((p) => place(p.violation_share)), y: curve.points.map((p) => p.cost_ratio),
      text: curve.points.map((p) => `${curve.name}, target ${p.target} %`),
      hovertemplate: "%{text}: cost ratio %{y:.3f}, violation %{x:.3f} %<extra></extra>",
      mode: "lines+markers", marker: { size: 5 },
      line: { color: look(trace, curve.name).colour, dash: look(trace, curve.name).dash },
    }));
    const points = trace.policies.filter((p) => p.cost_ratio !== null).map((p) => ({
      name: p.name, legendgroup: p.name, x: [place(p.violation_share)], y: [p.cost_ratio], text: [p.name],
      hovertemplate: "%{text}: cost ratio %{y:.3f}, violation %{x:.3f} %<extra></extra>",
      mode: "markers", marker: { size: 11, symbol: look(trace, p.name).symbol, color: look(trace, p.name).colour },
    }));
    const budget = 100 * summary.violation_budget;
    // The far end of a curve costs many times the optimum; what is compared lies near the points.
    const dearest = Math.max(1.5, ...trace.policies.map((p) => p.cost_ratio ?? 0));
    draw(parent, `Cost ratio against violation share, trace ${trace.name}`, [...curves, ...points], {
      hovermode: "closest",
      xaxis: { type: "log", title: { text: "violation, % of time" }, ...ticks },
      yaxis: { title: { text: "cost ratio" }, range: [0.95, 1.1 * dearest] },
      shapes: [{ type: "line", x0: budget, x1: budget, y0: 0, y1: 1, yref: "paper", line: { dash: "dot", width: 1, color: "#d55e00" }, label: { text: "budget", textposition: "end", textangle: 0, xanchor: "right" } }],
    });
  };

  const policyTable = (parent, trace) => {
    const over = (share) => share > summary.violation_budget;
    table(parent, `Policies on trace ${trace.name}`,
      ["policy", "cost ratio", "violation", "unserved", "instance-hours", "USD", "actions", "θU", "θO", "τU", "τO"],
      trace.policies.map((p) => [
        p.name, number(p.cost_ratio, 3), { text: percent(p.violation_share), over: over(p.violation_share) },
        percent(p.unserved_share), number(p.instance_hours, 1), number(p.cost_usd, 2), number(p.actions, 0),
        number(p.theta_u, 2), number(p.theta_o, 1), number(p.tau_u, 2), number(p.tau_o, 1),
      ]));
  };
  const curveTable = (parent, trace) => {
    element("h3", `Cost ratio at ${percent(summary.violation_budget, 1)} violation, knob turned in hindsight`, parent);
    table(parent, `Cost ratio at the violation budget, trace ${trace.name}`, ["policy", "cost ratio"],
      trace.curves.map((c) => [c.name, number(c.cost_ratio_at_budget, 3) + (c.is_static ? " (static)" : "")]));
  };
  const setup = (parent, trace) => {
    const s = trace.setup;
    const facts = [
      ["from", s.from], ["days", number(s.days, 1)], ["warm-up days", s.warmup_days], ["step", `${s.step_s} s`],
      ["one instance serves", number(s.unit, 2)], ["bounds", `${s.min}..${s.max}`], ["boot", `${number(s.boot_s, 0)} s`],
      ["metric delay", `${s.delay_s} s`], ["metric period", `${s.period_s} s`], ["objective", percent(s.slo_utilisation, 0)],
      ["optimum", `${number(trace.optimum_hours, 1)} instance-hours`], ["seed", s.seed],
    ];
    const list = element("dl", undefined, parent);
    for (const [name, value] of facts) {
      const row = element("div", undefined, list);
      element("dt", name, row);
      element("dd", String(value), row);
    }
  };

  const main = document.getElementById("traces");
  summary.traces.forEach((trace, i) => {
    const section = element("section", undefined, main);
    element("h2", trace.name, section);
    setup(section, trace);
    policyTable(section, trace);
    element("h3", "Capacity needed and in service", section);
    element("p", "Drag to zoom, double-click for all; click a name to show or hide it.", section, "soft");
    capacityChart(section, series[i], trace);
    element("h3", "Cost against violation", section);
    costChart(section, trace);
    if (trace.curves.length > 0) curveTable(section, trace);
  });
  document.getElementById("command").textContent = summary.command;
  document.getElementById("made").textContent =
    `Foretide ${summary.foretide_version}, summary schema ${summary.schema_version}. AWS predictive scaling is emulated from its public description.`;
})();
