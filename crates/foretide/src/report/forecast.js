"use strict";
(() => {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const summary = read("summary");
  const series = read("series");
  const element = (tag, text, parent) => {
    const made = document.createElement(tag);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };
  const number = (value, digits) =>
    value === null || value === undefined ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const percent = (share) => (share === undefined || share === null ? "–" : `${number(100 * share, 2)} %`);
  const main = document.getElementById("horizons");
  element("p", `${summary.trace}; one instance serves ${number(summary.unit, 2)} at 100 %`, main);
  const css = getComputedStyle(document.documentElement);
  const colour = (name) => css.getPropertyValue(name).trim();
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line"), zerolinecolor: colour("--line") };
  summary.horizons.forEach((horizon, index) => {
    const figures = horizon.accuracy;
    element("h2", `${horizon.ahead_s / 60} min ahead (boot ${horizon.boot_s} s)`, main);
    element("p", `${number(figures.forecasts, 0)} forecasts, ${horizon.fits} fits. MASE ${number(figures.mase, 3)}, ` +
      `WAPE ${number(figures.wape, 3)} (a day before: ${number(figures.wape_seasonal_naive, 3)}).`, main);
    const scroll = element("div", undefined, main);
    scroll.className = "scroll";
    scroll.tabIndex = 0;
    const table = element("table", undefined, scroll);
    const head = element("tr", undefined, element("thead", undefined, table));
    for (const name of ["level", "coverage", "where load rises", "pinball loss", "trees alone"]) {
      element("th", name, head).scope = "col";
    }
    const body = element("tbody", undefined, table);
    summary.levels.forEach((level, k) => {
      const row = element("tr", undefined, body);
      element("td", `${number(100 * level, 1)} %`, row);
      element("td", percent(figures.coverage[k]), row);
      element("td", percent(figures.coverage_rising ? figures.coverage_rising[k] : null), row);
      element("td", number(figures.pinball[k], 2), row);
      element("td", percent(horizon.trees.coverage[k]), row);
    });
    const box = element("div", undefined, main);
    box.className = "chart";
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", "Load, median and 99 % quantile over time");
    const of = series[index];
    const x = of.at_ms.map((ms) => new Date(ms).toISOString());
    const line = (name, y, color, dash) => ({ x, y, name, type: "scattergl", mode: "lines", line: { color, width: 1, dash } });
    Plotly.newPlot(box, [
      line("load", of.load, "#7f7f7f", "solid"),
      line("median", of.median, "#0072b2", "solid"),
      line("99 %", of.upper, "#d55e00", "dot"),
    ], {
      paper_bgcolor: colour("--paper"), plot_bgcolor: colour("--paper"), font: { color: colour("--ink") },
      margin: { l: 56, r: 12, t: 8, b: 48 }, legend: { orientation: "h", y: -0.2 },
      xaxis: axis, yaxis: { ...axis, rangemode: "tozero", title: { text: "instance-%" } },
    }, { responsive: true, displaylogo: false });
  });
})();
