"use strict";
// What every page of figures needs; text from outside becomes text nodes, never markup.
const read = (id) => JSON.parse(document.getElementById(id).textContent);
const element = (tag, text, parent, className) => {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  if (parent) parent.append(made);
  return made;
};
const number = (value, digits) =>
  value === null || value === undefined ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share, digits = 2) => (share === null || share === undefined ? "–" : `${number(100 * share, digits)} %`);

const table = (parent, label, heads, rows) => {
  const scroll = element("div", undefined, parent, "scroll");
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", label);
  const made = element("table", undefined, scroll);
  const head = element("tr", undefined, element("thead", undefined, made));
  heads.forEach((text) => { element("th", text, head).scope = "col"; });
  const body = element("tbody", undefined, made);
  for (const cells of rows) {
    const row = element("tr", undefined, body);
    cells.forEach((cell) => element("td", cell.text ?? cell, row, cell.over ? "over" : undefined));
  }
};

const charts = [];
const layout = (own) => {
  const css = getComputedStyle(document.documentElement);
  const value = (name) => css.getPropertyValue(name).trim();
  const axis = { gridcolor: value("--line"), linecolor: value("--line"), zerolinecolor: value("--line") };
  const [ink, paper] = [value("--ink"), value("--paper")];
  const base = {
    paper_bgcolor: paper, plot_bgcolor: paper, font: { color: ink, family: "system-ui, sans-serif" },
    // The buttons stand above the plot.
    margin: { l: 56, r: 12, t: 36, b: 48 },
    legend: { orientation: "h", x: 0, y: 0, yref: "container", yanchor: "bottom" }, hoverlabel: { namelength: -1 },
  };
  return {
    ...base, ...own,
    xaxis: { automargin: true, ...axis, ...own.xaxis }, yaxis: { ...axis, ...own.yaxis },
  };
};
const draw = (parent, label, traces, own) => {
  const box = element("div", undefined, parent, "chart");
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", label);
  const config = { responsive: true, displaylogo: false, scrollZoom: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] };
  charts.push({ box, own });
  Plotly.newPlot(box, traces, layout(own), config);
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const { box, own } of charts) Plotly.react(box, box.data, layout(own));
});
