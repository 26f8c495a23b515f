// Starts the page: the theme, the way from address to view, and the live rows.

import { clock, day, h, put, text } from "./dom.js";
import { Group } from "./group.js";
import { Overview, link } from "./overview.js";
import { follow, setToken } from "./stream.js";

const main = document.getElementById("main");
const connection = document.getElementById("connection");
const banner = document.getElementById("banner");

/** Everything that the server has said. */
const state = {
  groups: new Map(),
  fleet: null,
  heard: 0,
  /** The groups' time now: as said last, moved on by what has passed here in a live run. */
  now() {
    return this.fleet?.now_ms ?? Date.now();
  },
};

const overview = new Overview();
let group = null;
let visited = false;

/** The row's level, worse once the server's own limit for a silent loop has passed. */
function judge(row, now) {
  const { level, title, stalled_after_ms: limit } = row.health;
  const stalled = limit !== null && now > limit && row.health.state !== "stalled";
  row.level = stalled ? "critical" : level;
  row.title = stalled ? "stalled" : title;
  return row;
}

function heard(event) {
  if (state.fleet && state.fleet.version !== event.version) location.reload();
  if (state.fleet && state.fleet.started_ms !== event.started_ms) state.groups.clear();
  const { groups, ...fleet } = event;
  state.fleet = fleet;
  state.heard = performance.now();
  for (const row of groups) {
    // An event may have been on its way while everything was told.
    const newer = state.groups.get(row.id)?.revision > row.revision;
    if (!newer) state.groups.set(row.id, judge(row, fleet.now_ms));
  }
  text(document.getElementById("clock"), `${day(fleet.now_ms)} ${clock(fleet.now_ms, true)} UTC`);
  if (!visited) route();
  const changed = groups.map((row) => row.id);
  if (overview.node.isConnected) overview.show(state, changed);
  else changed.forEach((id) => overview.rows.get(id)?.show(state.groups.get(id)));
  if (group?.node.isConnected && changed.includes(group.id)) group.changed();
  warn();
}

/** Where there is one group, it is the page. */
function route() {
  const address = location.hash.match(/^#\/g\/([^?]+)(?:\?at=(.*))?/);
  const only = state.groups.size === 1 && !visited && !location.hash ? [...state.groups.keys()][0] : null;
  visited = visited || state.groups.size > 0;
  const id = address ? decodeURIComponent(address[1]) : only;
  if (id !== null && id !== undefined) {
    if (only) history.replaceState(null, "", link(only));
    if (group?.id !== id) group = new Group(id, state);
    put(main, group.node);
    group.head();
    const moment = address?.[2] ? Date.parse(decodeURIComponent(address[2])) : NaN;
    group.at(Number.isFinite(moment) ? moment : null);
    document.title = `${id} – Foretide`;
  } else if (state.fleet) {
    group = null;
    put(main, overview.node);
    overview.show(state, [...state.groups.keys()]);
    document.title = "Foretide";
  }
}

const SAYS = { connecting: "connecting", live: "live", lost: "disconnected, trying again", denied: "a token is needed" };

function connected(now) {
  const before = connection.dataset.state;
  if (before === now) return;
  connection.dataset.state = now;
  text(document.getElementById("connection-text"), SAYS[now]);
  if (now === "denied") askForToken();
  document.body.classList.toggle("stale", now === "lost");
  warn();
}

function warn() {
  const lost = connection.dataset.state === "lost";
  const store = state.fleet?.store;
  const say = lost && state.fleet
    ? `Disconnected: this is what was known at ${clock(state.fleet.now_ms, true)} UTC. Trying again.`
    : store?.state === "failing" ? `The store cannot be written: ${store.why}. What happens is held in memory.` : "";
  text(banner, say);
  banner.hidden = !say;
}

function askForToken() {
  const field = h("input", { type: "password", autocomplete: "off", "aria-label": "Token", required: true });
  const form = h("form", { class: "card token" }, h("h2", {}, "A token is needed"), h("p", {}, "It stays in this tab's memory and is sent in the Authorization header only."), field, h("button", { type: "submit" }, "Continue"));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    setToken(field.value);
    put(main, h("p", { class: "empty" }, "Connecting …"));
    visited = false;
  });
  put(main, form);
}

function theme() {
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const stored = localStorage.getItem("theme");
  if (stored) document.documentElement.dataset.theme = stored;
  const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const name = () => text(button, dark() ? "Light" : "Dark");
  button.addEventListener("click", () => {
    const next = dark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    name();
  });
  system.addEventListener("change", name);
  name();
}

theme();
addEventListener("hashchange", route);
follow(heard, connected);
