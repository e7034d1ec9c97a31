// SPDX-License-Identifier: GPL-2.0-or-later
// The status page. Two streams say what is and what happens, figures are asked for; nothing is shown
// otherwise than as text. While nobody looks at the page it asks for nothing.
"use strict";

const HISTORY_MS = 15 * 60 * 1000;
const HISTORY_LEAST_MS = 60 * 1000; // a chart is as wide as what is known, but for the first minute
const EVENTS_SHOWN = 200;
const OVERSCAN = 8;
const SVG = "http://www.w3.org/2000/svg";

const $ = (id) => document.getElementById(id);
const services = new Map(); // name -> {view, load: [[at, share]], ready: [[at, count]], cpu, memory, row}
const instances = new Map(); // name -> what `davit ps --json` has of it
const figures = new Map(); // name -> {at, seconds, cpu, memory}
const events = [];
let sorted = []; // instances that pass the filter, in order
let token = sessionStorage.getItem("token") || "";
let controllable = false;
let connected = false;
let version = null;
let shownLog = null;

// ---- words ----

const TONES = { ready: "good", completed: "good", starting: "busy", waiting: "busy", stopping: "busy", stopped: "idle",
  asleep: "idle", scheduled: "idle", waking: "busy", unready: "bad", backoff: "bad", failed: "bad" };

function bytes(count) {
  if (count === null || count === undefined) return "";
  for (const unit of ["B", "K", "M", "G"]) {
    if (count < 1000 || unit === "G") return (count < 9.95 && unit !== "B" ? count.toFixed(1) : Math.round(count)) + unit;
    count /= 1024;
  }
  return "";
}

function percent(share) {
  if (share === null || share === undefined) return "";
  return (share < 0.0995 ? (share * 100).toFixed(1) : Math.round(share * 100)) + "%";
}

function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return seconds + "s";
  if (seconds < 3600) return Math.floor(seconds / 60) + "m";
  if (seconds < 172800) return Math.floor(seconds / 3600) + "h";
  return Math.floor(seconds / 86400) + "d";
}

function clock(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : date.toLocaleTimeString([], { hour12: false });
}

// Colours and the like of what was meant for a terminal.
function plain(text) {
  // eslint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, "\ufffd");
}

// ---- elements ----

function make(name, classes, text) {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  if (text !== undefined) element.textContent = text;
  return element;
}

function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function putClass(element, name) {
  if (element.className !== name) element.className = name;
}

function button(text, label, act) {
  const element = make("button", "", text);
  element.type = "button";
  if (label) element.setAttribute("aria-label", label);
  element.addEventListener("click", act);
  return element;
}

// Roles are written out, because small screens show tables as blocks.
function addRow(cells) {
  const row = make("tr");
  row.setAttribute("role", "row");
  cells.forEach((cell, i) => {
    cell.setAttribute("role", i === 0 ? "rowheader" : "cell");
    if (i === 0) cell.scope = "row";
    row.append(cell);
  });
  return row;
}

for (const table of document.querySelectorAll("table")) {
  table.setAttribute("role", "table");
  table.querySelectorAll("thead, tbody").forEach((part) => part.setAttribute("role", "rowgroup"));
  table.querySelectorAll("thead tr").forEach((row) => row.setAttribute("role", "row"));
  table.querySelectorAll("thead th").forEach((cell) => cell.setAttribute("role", "columnheader"));
}
$("services").setAttribute("aria-labelledby", "services-title");
$("instances").setAttribute("aria-labelledby", "instances-title");
$("events").setAttribute("aria-labelledby", "events-title");

// ---- charts ----

function makeChart() {
  const chart = document.createElementNS(SVG, "svg");
  chart.setAttribute("class", "chart");
  chart.setAttribute("viewBox", "0 0 180 24");
  chart.setAttribute("preserveAspectRatio", "none");
  chart.setAttribute("role", "img");
  for (const part of ["area", "curve"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("class", part);
    chart.append(path);
  }
  return chart;
}

const most = (points) => Math.max(0, ...points.map((point) => point[1]));

// Drawn in steps: a value holds until the next one is known.
function drawChart(chart, points, least, label) {
  const now = Date.now();
  const wide = Math.min(HISTORY_MS, Math.max(HISTORY_LEAST_MS, points.length ? now - points[0][0] : 0));
  const highest = Math.max(least, most(points));
  let line = "";
  for (const [at, value] of points) {
    const x = Math.max(0, 180 * (1 - (now - at) / wide)).toFixed(1);
    const y = (23 - 22 * value / highest).toFixed(1);
    line += line ? `H${x}V${y}` : `M${x},${y}`;
  }
  if (line) line += "H180";
  chart.lastChild.setAttribute("d", line);
  chart.firstChild.setAttribute("d", line ? `${line}V24H${line.slice(1, line.indexOf(","))}Z` : "");
  chart.setAttribute("aria-label", label);
}

function note(points, at, value) {
  const last = points.length;
  if (last > 1 && points[last - 1][1] === value && points[last - 2][1] === value) points[last - 1][0] = at;
  else points.push([at, value]);
  while (points.length > 1 && points[1][0] < at - HISTORY_MS) points.shift();
}

// ---- services ----

function serviceRow(name) {
  const row = { name: make("th"), state: make("td"), ready: make("td", "n"), restarts: make("td", "n"), cpu: make("td", "n"),
    memory: make("td", "n"), load: make("td", "chart-cell"), count: make("td", "chart-cell"), why: make("td", "why"), control: make("td", "control") };
  const filter = button(name, `show the instances of ${name}`, () => {
    $("filter").value = $("filter").value === name ? "" : name;
    refilter();
  });
  filter.className = "open";
  row.name.append(filter);
  row.state.append(make("span", "state"));
  for (const [cell, title] of [["restarts", "restarts"], ["cpu", "cpu"], ["memory", "memory"], ["load", "cpu"], ["count", "instances"]]) row[cell].dataset.name = title;
  for (const cell of ["load", "count"]) {
    const box = make("div", "with");
    row[cell + "Chart"] = makeChart();
    row[cell + "Most"] = make("span", "dim");
    box.append(row[cell + "Chart"], row[cell + "Most"]);
    row[cell].append(box);
  }
  row.less = button("−", `one instance of ${name} less`, () => scale(name, -1));
  row.more = button("+", `one more instance of ${name}`, () => scale(name, 1));
  row.control.append(row.less, " ", row.more, " ", button("Restart", `restart ${name}`, () => restart(name)));
  row.row = addRow([row.name, row.state, row.ready, row.restarts, row.cpu, row.memory, row.load, row.count, row.why, row.control]);
  return row;
}

function showService(service) {
  const { view, row } = service;
  const tone = TONES[view.state] || "busy";
  put(row.state.firstChild, view.state);
  putClass(row.state.firstChild, `state ${tone}`);
  put(row.ready, `${view.ready} / ${view.desired}`);
  put(row.restarts, String(view.restarts));
  put(row.cpu, percent(service.cpu));
  put(row.memory, bytes(service.memory));
  row.load.dataset.empty = String(service.load.length === 0);
  put(row.loadMost, service.load.length ? `max ${percent(most(service.load))}` : "");
  put(row.countMost, `max ${most(service.ready)}`);
  drawChart(row.loadChart, service.load, 0.1, `processor time of the last 15 minutes: at most ${percent(most(service.load)) || "none"}`);
  drawChart(row.countChart, service.ready, 1, `ready instances of the last 15 minutes: at most ${most(service.ready)}`);
  put(row.why, view.state === "ready" || view.state === "completed" ? "" : plain(view.reason || ""));
  row.why.title = row.why.textContent;
  row.control.hidden = !token;
  row.less.disabled = view.desired === 0;
}

function showServices() {
  const body = $("services").tBodies[0];
  for (const service of services.values()) {
    showService(service);
    if (!service.row.row.isConnected) body.append(service.row.row);
  }
  const ready = [...services.values()].filter((one) => TONES[one.view.state] === "good").length;
  const idle = [...services.values()].filter((one) => TONES[one.view.state] === "idle").length;
  document.querySelector("#services th.control").hidden = !token;
  if (connected) {
    const rest = services.size - ready - idle;
    put($("summary"), `${instances.size} instances, ${ready} of ${services.size} services ready` +
      (idle ? `, ${idle} not running now` : "") + (rest ? `, ${rest} not` : ""));
    putClass($("summary"), rest ? "bad" : "");
    document.title = (rest ? `(${rest}) ` : "") + $("stack").textContent;
  }
}

function takeServices(list, at) {
  const names = new Set(list.map((view) => view.service));
  for (const [name, service] of services) {
    if (names.has(name)) continue;
    service.row.row.remove();
    services.delete(name);
  }
  for (const view of list) {
    if (!services.has(view.service)) services.set(view.service, { load: [], ready: [], cpu: null, memory: null, row: serviceRow(view.service) });
    const service = services.get(view.service);
    service.view = view;
    note(service.ready, at, view.ready);
  }
}

// ---- instances: only the rows that are seen exist ----

const rows = new Map(); // name -> row of what is seen
const above = make("tr", "space"), below = make("tr", "space");
for (const space of [above, below]) {
  space.setAttribute("role", "presentation");
  space.append(make("td"));
}
let rowHeight = 28;

function instanceRow(name) {
  const row = { name: make("th"), state: make("td", "state-cell"), restarts: make("td", "n"), up: make("td", "n"), cpu: make("td", "n"),
    memory: make("td", "n wide"), address: make("td", "wide"), why: make("td", "why") };
  const open = button(name, `log of ${name}`, () => openLog(name));
  open.className = "open";
  row.name.append(open);
  row.state.append(make("span"));
  row.row = addRow(Object.values(row));
  return row;
}

function showInstance(row, view, index) {
  const figure = figures.get(view.instance);
  const limit = view.memory_limit_bytes ? ` / ${bytes(view.memory_limit_bytes)}` : "";
  put(row.state.firstChild, view.health === "unhealthy" ? `${view.state}, unhealthy` : view.state);
  putClass(row.state.firstChild, `state ${TONES[view.state] || "busy"}`);
  put(row.restarts, String(view.restarts));
  put(row.up, view.pid ? span(Date.now() - Date.parse(view.started_at)) : "");
  put(row.cpu, view.pid && figure ? percent(figure.cpu) : "");
  put(row.memory, view.pid ? bytes((figure ? figure.memory : view.memory_bytes) || null) + limit : "");
  put(row.address, view.address || "");
  put(row.why, plain(view.reason || view.status_text || ""));
  row.why.title = row.why.textContent;
  putClass(row.why, TONES[view.state] === "bad" ? "why bad" : "why");
  putClass(row.row, shownLog === view.instance ? "chosen" : "");
  row.row.setAttribute("aria-rowindex", String(index + 2));
}

function showInstances() {
  const box = $("rows"), body = $("instances").tBodies[0];
  const first = Math.max(0, Math.floor(box.scrollTop / rowHeight) - OVERSCAN);
  const last = Math.min(sorted.length, Math.ceil((box.scrollTop + box.clientHeight) / rowHeight) + OVERSCAN);
  const seen = sorted.slice(first, Math.max(first, last));
  const names = new Set(seen.map((view) => view.instance));
  for (const [name, row] of rows) {
    if (names.has(name)) continue;
    row.row.remove();
    rows.delete(name);
  }
  if (above.parentNode !== body) body.append(above, below);
  let before = above;
  seen.forEach((view, i) => {
    if (!rows.has(view.instance)) rows.set(view.instance, instanceRow(view.instance));
    const row = rows.get(view.instance);
    showInstance(row, view, first + i);
    if (before.nextSibling !== row.row) before.after(row.row);
    before = row.row;
  });
  above.firstChild.style.height = `${first * rowHeight}px`;
  below.firstChild.style.height = `${(sorted.length - first - seen.length) * rowHeight}px`;
  $("instances").setAttribute("aria-rowcount", String(sorted.length + 1));
  const real = rows.size ? rows.values().next().value.row.getBoundingClientRect().height : 0;
  if (real > 0 && Math.abs(real - rowHeight) > 0.4) {
    rowHeight = real;
    soon(showInstances);
  }
}

const byName = new Intl.Collator("en", { numeric: true });

function refilter() {
  const words = $("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const onlyUnwell = $("unwell").checked;
  sorted = [...instances.values()].filter((view) => {
    if (onlyUnwell && TONES[view.state] === "good" && view.health !== "unhealthy") return false;
    const text = `${view.instance} ${view.service} ${view.state} ${view.reason || ""}`.toLowerCase();
    return words.every((word) => text.includes(word));
  }).sort((a, b) => byName.compare(a.instance, b.instance));
  put($("shown"), sorted.length === instances.size ? "" : `${sorted.length} of ${instances.size} shown`);
  soon(showInstances);
}

// Once per picture, however much has come.
const due = new Set();
function soon(act) {
  if (due.size === 0) requestAnimationFrame(() => {
    const acts = [...due];
    due.clear();
    for (const one of acts) one();
  });
  due.add(act);
}

// ---- events ----

const SHOWN = { scale: (at) => `${at.from} → ${at.to}`, start: (at) => `process ${at.pid}`, stop: (at) => at.signal,
  refuse: (at) => at.command, lost: (at) => `${at.lines} lines` };

function eventText(event) {
  const attributes = event.attributes || {};
  const detail = SHOWN[event.action] && event.type !== "command" || event.action === "refuse" ? SHOWN[event.action](attributes)
    : (attributes.services || []).join(" ") || Object.entries(attributes.scale || {}).map(([name, count]) => `${name}=${count}`).join(" ");
  return (event.type === "command" ? `davit ${event.action}` : event.action) + (detail ? ` ${detail}` : "");
}

function addEvent(event) {
  events.push(event);
  const well = event.action === "die" && event.attributes && event.attributes.exit && event.attributes.exit.code === 0;
  const bad = !well && ["die", "oom", "fail", "unready", "restart", "refuse", "create-failed"].includes(event.action);
  const time = make("th", "dim");
  const stamp = make("time", "", clock(event.time));
  stamp.dateTime = event.time;
  stamp.title = event.time;
  time.append(stamp);
  const row = addRow([time, make("td", "", event.instance || event.service || event.type), make("td", bad ? "bad" : "", eventText(event)),
    make("td", "why", plain(event.reason || ""))]);
  row.lastChild.title = row.lastChild.textContent;
  const body = $("events").tBodies[0];
  body.prepend(row);
  if (events.length > EVENTS_SHOWN) {
    events.shift();
    body.lastChild.remove();
  }
}

function forgetEvents() {
  events.length = 0;
  $("events").tBodies[0].replaceChildren();
}

// ---- logs ----

let logKey = "";

function showLog(lines) {
  const box = $("log");
  const key = lines.length ? lines.length + lines[0].time + lines[lines.length - 1].time + lines[lines.length - 1].text : "";
  if (key === logKey) return;
  logKey = key;
  const atEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 30;
  const parts = [];
  for (const line of lines) {
    const whole = make("div", line.stream);
    whole.append(make("span", "at", `${clock(line.time)} `), plain(line.text));
    parts.push(whole);
  }
  box.replaceChildren(...parts);
  if (atEnd || $("follow").checked) box.scrollTop = box.scrollHeight;
}

async function readLog() {
  const name = shownLog;
  if (!name) return;
  try {
    const answer = await fetch(`/v1/logs/${encodeURIComponent(name)}`);
    const document_ = await answer.json();
    if (name !== shownLog) return;
    if (answer.ok) showLog(document_.lines);
    else {
      logKey = "";
      $("log").textContent = document_.error;
    }
  } catch {
    // the next look finds it, or the stack is gone and says so
  }
}

function openLog(name) {
  shownLog = name;
  logKey = "";
  put($("log-title"), `Log of ${name}`);
  $("log").replaceChildren();
  $("log-section").hidden = false;
  $("follow").checked = true;
  $("log-section").scrollIntoView({ block: "nearest" });
  readLog();
  soon(showInstances);
}

function closeLog() {
  const opener = rows.get(shownLog);
  shownLog = null;
  $("log-section").hidden = true;
  if (opener) opener.name.firstChild.focus();
  soon(showInstances);
}

// ---- control ----

function showLock(said) {
  $("login").hidden = !controllable;
  $("lock").hidden = !token;
  $("login").querySelector("label").hidden = Boolean(token);
  $("login").querySelector("[type=submit]").hidden = Boolean(token);
  put($("said"), said);
  soon(showServices);
}

async function command(path, body) {
  const answer = await fetch(path, { method: "POST", body: JSON.stringify(body),
    headers: { "Authorization": `Bearer ${token}`, "Content-Type": "application/json" } }).catch(() => null);
  const told = answer ? await answer.json().catch(() => ({})) : { error: "no answer" };
  if (answer && answer.status === 401) setToken("");
  const done = Boolean(answer && answer.ok);
  showLock(done ? "" : told.error || "it failed");
  refresh();
  return done;
}

function setToken(value) {
  token = value;
  if (value) sessionStorage.setItem("token", value);
  else sessionStorage.removeItem("token");
}

// The next click goes on from what this one has made, unless that is refused.
async function scale(name, by) {
  const service = services.get(name);
  if (!service) return;
  const view = service.view, change = Math.max(by, -view.desired);
  view.desired += change;
  if (!await command("/v1/scale", { scale: { [name]: view.desired } })) view.desired -= change;
}

function restart(name) {
  if (window.confirm(`Restart all instances of ${name}?`)) command("/v1/restart", { services: [name] });
}

// ---- what is asked for ----

function takeFigures(list, at) {
  const sums = new Map();
  for (const one of list) {
    const before = figures.get(one.instance);
    const grown = before && one.cpu_seconds >= before.seconds && at > before.at;
    const cpu = grown ? (one.cpu_seconds - before.seconds) * 1000 / (at - before.at) : null;
    figures.set(one.instance, { at, seconds: one.cpu_seconds, cpu, memory: one.memory_bytes });
    const sum = sums.get(one.service) || { cpu: null, memory: null };
    if (cpu !== null && one.pid) sum.cpu += cpu;
    if (one.pid) sum.memory += one.memory_bytes;
    sums.set(one.service, sum);
  }
  for (const name of figures.keys()) if (!instances.has(name)) figures.delete(name);
  for (const [name, service] of services) {
    const sum = sums.get(name) || { cpu: null, memory: null };
    service.cpu = sum.cpu;
    service.memory = sum.memory;
    if (sum.cpu !== null) note(service.load, at, sum.cpu);
  }
}

let asking = false, again = null, dueAt = 0, askedAt = 0;

// Large stacks are asked less often: each look costs the supervisor a little per instance. What is due earlier stays so.
function refreshIn(milliseconds) {
  const at = Math.max(Date.now() + milliseconds, askedAt + instances.size);
  if (again !== null && dueAt <= at) return;
  clearTimeout(again);
  dueAt = at;
  again = setTimeout(refresh, at - Date.now());
}

function forgetRefresh() {
  clearTimeout(again);
  again = null;
}

async function refresh() {
  forgetRefresh();
  if (asking || document.hidden || !connected) return;
  asking = true;
  askedAt = Date.now();
  try {
    const [used, list] = await Promise.all(["/v1/instances", "/v1/services"].map(async (path) => (await fetch(path)).json()));
    const at = Date.now();
    takeServices(list.services, at);
    takeFigures(used.instances, at);
    showAbout();
    soon(showServices);
    soon(showInstances);
    if ($("follow").checked) await readLog();
  } catch {
    // the stream notices when nobody is there any more
  } finally {
    asking = false;
    refreshIn(2000 + instances.size);
  }
}

function showAbout() {
  if (version) put($("about"), `davit ${version.version}, supervised for ${span(Date.now() - Date.parse(version.started_at))}`);
}

async function readVersion() {
  try {
    const about = await (await fetch("/v1/version")).json();
    put($("stack"), about.stack);
    version = about;
    showAbout();
    controllable = Boolean(about.listens && about.listens.token_file);
    if (!controllable) setToken("");
    showLock("");
  } catch {
    // as above
  }
}

// ---- streams ----

let states = null, happenings = null, retry = null;

function takeState(message) {
  if (message.type === "snapshot") {
    instances.clear();
    for (const view of message.instances) instances.set(view.instance, view);
    takeServices(message.services, Date.now());
    soon(showServices);
    refresh();
  } else if (message.type === "instance") {
    if (message.instance.state === "removed") instances.delete(message.instance.instance);
    else instances.set(message.instance.instance, message.instance);
    refreshIn(250);
  }
  soon(refilter);
}

function lose() {
  connected = false;
  put($("summary"), "no supervisor answers; trying again");
  putClass($("summary"), "bad");
  connectAgain(states);
}

// One that is only broken tries again by itself.
function connectAgain(stream) {
  if (!stream || stream.readyState !== EventSource.CLOSED) return;
  disconnect();
  retry = setTimeout(connect, 3000);
}

function connect() {
  if (states || document.hidden) return;
  states = new EventSource("/v1/watch");
  states.onopen = () => {
    connected = true;
    readVersion();
  };
  states.onmessage = (message) => takeState(JSON.parse(message.data));
  states.onerror = lose;
  happenings = new EventSource("/v1/events");
  happenings.onmessage = (message) => {
    const event = JSON.parse(message.data);
    const last = events[events.length - 1];
    if (last && event.seq < last.seq && event.time > last.time) forgetEvents(); // of a stack that is no more
    else if (last && event.seq <= last.seq) return; // told once more, after a break
    addEvent(event);
  };
  happenings.onerror = () => connectAgain(happenings);
}

function disconnect() {
  clearTimeout(retry);
  forgetRefresh();
  for (const stream of [states, happenings]) if (stream) stream.close();
  states = happenings = null;
}

document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
$("filter").addEventListener("input", refilter);
$("unwell").addEventListener("change", refilter);
$("rows").addEventListener("scroll", () => soon(showInstances), { passive: true });
window.addEventListener("resize", () => soon(showInstances));
$("log-close").addEventListener("click", closeLog);
$("follow").addEventListener("change", readLog);
$("log").setAttribute("aria-live", "off");
document.addEventListener("keydown", (key) => {
  if (key.key === "Escape" && shownLog) closeLog();
  if (key.key === "/" && !(key.target instanceof HTMLInputElement)) {
    key.preventDefault();
    $("filter").focus();
  }
});
$("login").addEventListener("submit", (submit) => {
  submit.preventDefault();
  setToken($("token").value.trim());
  $("token").value = "";
  showLock("");
});
$("lock").addEventListener("click", () => {
  setToken("");
  showLock("");
});
connect();
