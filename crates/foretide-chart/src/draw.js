// Scales, ticks and paths: what every chart of Foretide is drawn with.

/** Steps between ticks of time, in milliseconds. */
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 43200].map((m) => m * 60000);

/** Times of ticks between `from` and `to`, in milliseconds, at most `room` of them. */
export function timeTicks(from, to, room) {
  const every = STEPS.find((ms) => (to - from) / ms <= room) ?? STEPS.at(-1);
  const ticks = [];
  for (let at = Math.ceil(from / every) * every; at <= to; at += every) ticks.push(at);
  return ticks;
}

/** Values of ticks from `low` to `top`, at whole multiples of their step. */
export function valueTicks(low, top) {
  const step = niceStep((top - low) / 5);
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= top; n += 1) ticks.push(n * step);
  return ticks;
}

export function niceStep(rough) {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, 1000, 2000, 5000, 10000];
  return steps.find((step) => step >= rough) ?? rough;
}

const px = (n) => n.toFixed(1);

export function line(count, of, x, y) {
  let d = "";
  let open = false;
  for (let i = 0; i < count; i += 1) {
    const value = of(i);
    if (value === null || value === undefined) open = false;
    else {
      d += `${open ? "L" : "M"}${px(x(i))} ${px(y(value))}`;
      open = true;
    }
  }
  return d;
}

export function steps(count, of, edges, y) {
  let d = "";
  let before = null;
  for (let i = 0; i < count; i += 1) {
    const value = of(i);
    if (value === null || value === undefined) {
      before = null;
      continue;
    }
    const [left, right] = edges(i);
    if (before === null) d += `M${px(left)} ${px(y(value))}`;
    else if (value !== before) d += `V${px(y(value))}`;
    d += `H${px(right)}`;
    before = value;
  }
  return d;
}

export function areaOf(count, of, edges, y, floor) {
  let d = "";
  for (let i = 0; i < count; i += 1) {
    const value = of(i);
    if (value === null || value === undefined) continue;
    const [left, right] = edges(i);
    d += `M${px(left)} ${px(floor(i))}V${px(y(value))}H${px(right + 0.3)}V${px(floor(i))}Z`;
  }
  return d;
}

export function band(count, low, high, x, y) {
  let d = "";
  let run = [];
  const close = () => {
    if (run.length > 1) {
      const up = run.map((i, n) => `${n ? "L" : "M"}${px(x(i))} ${px(y(high(i)))}`).join("");
      const down = run.reverse().map((i) => `L${px(x(i))} ${px(y(low(i)))}`).join("");
      d += `${up}${down}Z`;
    }
    run = [];
  };
  for (let i = 0; i < count; i += 1) {
    if (low(i) === null || high(i) === null) close();
    else run.push(i);
  }
  close();
  return d;
}
