"use strict";
(() => {
  const summary = read("summary");
  const series = read("series");
  const main = document.getElementById("horizons");
  element("p", `${summary.trace}; one instance serves ${number(summary.unit, 2)} at 100 %`, main);
  const accuracy = (horizon) => {
    const figures = horizon.accuracy;
    element("p", `${number(figures.forecasts, 0)} forecasts, ${horizon.fits} fits. MASE ${number(figures.mase, 3)}, ` +
      `WAPE ${number(figures.wape, 3)} (a day before: ${number(figures.wape_seasonal_naive, 3)}).`, main);
    table(main, `Accuracy ${horizon.ahead_s / 60} min ahead`, ["level", "coverage", "where load rises", "pinball loss", "trees alone"],
      summary.levels.map((level, k) => [
        percent(level, 1), percent(figures.coverage[k]), percent(figures.coverage_rising ? figures.coverage_rising[k] : null),
        number(figures.pinball[k], 2), percent(horizon.trees.coverage[k]),
      ]));
  };
  // The newest two days at first.
  const shown = (times) => times.filter((ms) => ms > times.at(-1) - 2 * 86400e3).length;
  const chart = (of) => {
    element("p", "The newest two days. Drag to zoom, double-click for all; click a name to show or hide it.", main, "soft");
    const x = of.at_ms.map((ms) => new Date(ms).toISOString());
    // Not scattergl: what it draws with compiles code at run time, which the page forbids.
    const line = (name, y, color, dash) => ({ x, y, name, mode: "lines", line: { color, width: 1, dash } });
    draw(main, "Load, median and 99 % quantile over time", [
      line("load", of.load, "#7f7f7f", "solid"),
      line("median", of.median, "#1f83c4", "solid"),
      line("99 %", of.upper, "#d55e00", "dot"),
    ], {
      xaxis: { type: "date", tickangle: 0, nticks: 5, range: [x[Math.max(0, x.length - shown(of.at_ms))], x.at(-1)] },
      yaxis: { rangemode: "tozero", title: { text: "instance-%" } },
    });
  };
  summary.horizons.forEach((horizon, index) => {
    element("h2", `${horizon.ahead_s / 60} min ahead (boot ${horizon.boot_s} s)`, main);
    accuracy(horizon);
    chart(series[index]);
  });
})();
