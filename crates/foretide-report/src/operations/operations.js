// The report of the last days: instance-hours a day, by the chart of all reports.

import { read } from "./figures.js";
import { Plot } from "./plot.js";

read("series").forEach(({ at_ms: x, used, beside, baseline, optimum }, index) => {
  const place = document.getElementById(`days-${index}`);
  if (!place) return;
  const step = (name, y, colour, dash) => ({ name, kind: "step", x, y, colour, dash });
  const plot = new Plot({
    label: "Instance-hours a day: used, baseline, hindsight optimum",
    series: [
      step("used", used, "#009e73"),
      step(beside ? `baseline: ${beside}` : "baseline", baseline, "#a3447a", "6 3"),
      step("hindsight optimum", optimum, "#7f7f7f", "2 3"),
    ],
    x: { kind: "time", range: [x[0], x.at(-1)] },
    y: { title: "instance-hours a day", from: 0 },
  });
  place.append(plot.node);
});
