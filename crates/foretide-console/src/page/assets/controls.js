// An operator's orders: pause, pin, mode. Shown where the server takes any; it asks for the token
// when the first is given.

import { h, put, span, stamp, text } from "./dom.js";
import { ask, hasToken, setToken } from "./stream.js";

const HOUR_S = 3600;
const SPANS = [["1 hour", HOUR_S], ["4 hours", 4 * HOUR_S], ["1 day", 24 * HOUR_S]];
const MODES = ["observe", "scale-out-only", "enforce"];

const select = (name, options) =>
  h("select", { "aria-label": name }, options.map(([label, value]) => h("option", { value }, label)));

export class Controls {
  constructor(id, now) {
    this.id = id;
    this.now = now;
    this.state = h("p", { class: "standing" });
    this.answer = h("p", { class: "note", role: "status" });
    this.token = h("form", { class: "order", hidden: true });
    this.node = h("section", { class: "card controls", hidden: true });
    this.pausedFor = select("Pause for how long", [["until resumed", ""], ...SPANS]);
    this.pause = this.form("Pause", [this.pausedFor], () => {
      if (this.paused) return { order: "resume" };
      const time = this.pausedFor.value;
      return { order: "pause", ...(time ? { for_s: Number(time) } : {}) };
    });
    this.capacity = h("input", { type: "number", min: 0, max: 100000, step: 1, required: true, "aria-label": "Capacity to hold", size: 5 });
    const time = select("Hold it for how long", SPANS);
    this.pin = this.form("Pin", ["Hold", this.capacity, "for", time], () =>
      ({ order: "pin", capacity: Number(this.capacity.value), for_s: Number(time.value) }));
    this.unpin = this.form("Unpin", [], () => ({ order: "unpin" }));
    this.mode = select("Mode", [["as configured", ""], ...MODES.map((mode) => [mode, mode])]);
    this.modes = this.form("Set mode", [this.mode], () => ({ order: "mode", mode: this.mode.value || null }));
    this.askForToken();
    put(this.node, h("h2", {}, "Controls"), this.state, this.pause, this.pin, this.unpin, this.modes, this.token, this.answer);
  }

  form(label, fields, order) {
    const button = h("button", { type: "submit" }, label);
    const form = h("form", { class: "order" }, fields, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.give(order());
    });
    form.button = button;
    return form;
  }

  askForToken() {
    const field = h("input", { type: "password", autocomplete: "off", required: true, "aria-label": "Token" });
    put(this.token, field, h("button", { type: "submit" }, "Give token"));
    this.token.addEventListener("submit", (event) => {
      event.preventDefault();
      setToken(field.value);
      field.value = "";
      this.token.hidden = true;
      this.give(this.waiting);
    });
  }

  async give(order) {
    this.waiting = order;
    if (!hasToken()) return this.denied();
    text(this.answer, "Sending …");
    try {
      const path = `/api/v1/groups/${encodeURIComponent(this.id)}/orders`;
      const { next_cycle_ms } = await ask(path, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(order),
      });
      text(this.answer, `Taken. The next look, in ${span(next_cycle_ms - this.now())}, carries it out.`);
    } catch (error) {
      text(this.answer, `Not taken: ${error.message}`);
      if (error.status === 401) this.denied();
    }
    return undefined;
  }

  denied() {
    text(this.answer, "Orders need the token. It stays in this tab's memory.");
    this.token.hidden = false;
    this.token.querySelector("input").focus();
  }

  /** Which orders stand; fields in use are left alone. */
  show(row, controls) {
    this.node.hidden = !controls;
    const { orders } = row;
    this.paused = orders.paused;
    text(this.pause.button, orders.paused ? "Resume" : "Pause");
    this.pausedFor.hidden = orders.paused;
    this.unpin.hidden = orders.pinned === null;
    text(this.state, standing(orders, row.mode));
    if (!this.capacity.value && row.capacity) this.capacity.value = row.capacity.desired;
  }
}

function standing(orders, mode) {
  const said = [];
  if (orders.paused) {
    const until = orders.paused_until_ms === null ? "until resumed" : `until ${stamp(orders.paused_until_ms)}`;
    said.push(`Paused ${until}, by ${orders.paused_by}.`);
  }
  if (orders.pinned !== null) said.push(`Pinned to ${orders.pinned} until ${stamp(orders.pinned_until_ms)}, by ${orders.pinned_by}.`);
  if (orders.mode_by !== null) said.push(`Mode ${mode} by ${orders.mode_by}; ${orders.configured_mode} is configured.`);
  return said.length ? said.join(" ") : "No order stands.";
}
