// The report of a forecast's accuracy: tables, and load with its quantiles over time.

import { h, number } from "./dom.js";
import { HINT, fixed, read, share, table } from "./figures.js";
import { Plot } from "./plot.js";

const summary = read("summary");
const series = read("series");
// WAPE of the naive forecast below which it is almost exact, so that MASE divides by nearly 0.
const NAIVE_IS_EXACT = 0.01;

function accuracy(horizon) {
  const figures = horizon.accuracy;
  return [
    h("p", {}, `${number(figures.forecasts)} forecasts, ${horizon.fits} fits. Median: WAPE ${fixed(figures.wape, 3)}; ` +
      `naive forecast (same time yesterday): WAPE ${fixed(figures.wape_seasonal_naive, 3)}; MASE ${fixed(figures.mase, 3)}.` +
      (figures.wape_seasonal_naive !== null && figures.wape_seasonal_naive < NAIVE_IS_EXACT
        ? " The naive forecast is almost exact, because the load repeats daily: MASE says little here; read WAPE."
        : "")),
    table(
      `Accuracy ${horizon.ahead_s / 60} min ahead`,
      ["quantile", "coverage", "coverage at rising load", "pinball loss", "coverage of the trees alone"],
      summary.levels.map((level, k) => [
        share(level, 1), share(figures.coverage[k]), share(figures.coverage_rising ? figures.coverage_rising[k] : null),
        fixed(figures.pinball[k], 2), share(horizon.trees.coverage[k]),
      ]),
    ),
  ];
}

function chart(of) {
  const end = of.at_ms.at(-1) ?? 0;
  const line = (name, y, colour, dash) => ({ name, kind: "line", x: of.at_ms, y, colour, dash });
  return new Plot({
    label: "Load, median and 99 % quantile over time",
    series: [line("load", of.load, "#7f7f7f"), line("median", of.median, "#1f83c4"), line("99 %", of.upper, "#d55e00", "2 3")],
    // The newest two days at first.
    x: { kind: "time", range: [Math.max(of.at_ms[0] ?? 0, end - 2 * 86400e3), end] },
    y: { title: "% of one instance" },
  });
}

const main = document.getElementById("horizons");
main.append(h("p", {}, `${summary.trace}; one instance serves ${fixed(summary.unit, 2)} at 100 %`));
summary.horizons.forEach((horizon, index) => {
  const of = series[index];
  const thinned = of.cells > 1 ? ` Each point stands for ${of.cells} periods: the highest of each line.` : "";
  main.append(
    h("h2", {}, `${horizon.ahead_s / 60} min ahead (boot ${horizon.boot_s} s)`),
    ...accuracy(horizon),
    h("p", { class: "soft" }, `The newest two days. ${HINT}${thinned}`),
    chart(of).node,
  );
});
