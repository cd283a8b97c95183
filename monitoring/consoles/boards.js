"use strict";
// What the boards do in the browser: graphs by PromConsole.Graph (Debian's Prometheus brings it), the time they show,
// and a line on each of them for every deployment.

// prom_console.js asks for this global variable.
var PATH_PREFIX = document.documentElement.dataset.prefix;

(function () {
  const RANGES = { "15m": 900, "1h": 3600, "6h": 21600, "1d": 86400, "7d": 604800, "30d": 2592000 };
  const EVENTS = 'max by (release, event) (microblog_deploy_event_timestamp_seconds{event=~"deployed|left|failed"})';
  const COLOURS = ["#1a5fb4", "#c64600", "#2a8a4f", "#813d9c", "#a51d2d", "#0d7c86", "#8a6d00", "#5b6776", "#d16ba5", "#6f9a2f"];
  const STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
  const $ = (id) => document.getElementById(id);

  // --- Numbers in their units ----------------------------------------------------------------------------------

  function short(value) {
    return value === 0 ? "0" : Math.abs(value) >= 1000 ? value.toFixed(0) : String(Number(value.toPrecision(3)));
  }

  // From where on, divided by what, called what.
  const BIG = [[1e9, 1e9, " G"], [1e6, 1e6, " M"], [1e4, 1e3, " k"], [0, 1, ""]];
  const BINARY = [[2 ** 40, 2 ** 40, " TiB"], [2 ** 30, 2 ** 30, " GiB"], [2 ** 20, 2 ** 20, " MiB"], [2 ** 10, 2 ** 10, " KiB"], [0, 1, " B"]];
  const TIMES = [[172800, 86400, " d"], [7200, 3600, " h"], [120, 60, " min"], [1, 1, " s"], [1e-3, 1e-3, " ms"], [0, 1e-6, " µs"]];
  const SCALES = {
    count: [BIG, ""],
    ratio: [[[0, 0.01, " %"]], ""],
    seconds: [TIMES, ""],
    bytes: [BINARY, ""],
    bytes_per_second: [BINARY, "/s"],
    per_second: [BIG, "/s"],
    per_minute: [BIG, "/min"],
    timestamp: [[[0, 1, ""]], ""],
  };

  function scale(value, unit) {
    return SCALES[unit][0].find(([from]) => Math.abs(value) >= from);
  }

  function text(value, unit) {
    const [, size, name] = scale(value, unit);
    return unit === "timestamp" ? stamp(value) : value === 0 ? "0" : short(value / size) + name + SCALES[unit][1];
  }

  function stamp(time) {
    return new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ");
  }

  // --- Graphs --------------------------------------------------------------------------------------------------

  function name(legend, labels) {
    return legend.replace(/\[\[(\w+)\]\]/g, (_, label) => labels[label] || "").trim() || "none";
  }

  function addGraph(node) {
    const queries = JSON.parse(node.dataset.queries);
    const unit = node.dataset.unit;
    const graph = new PromConsole.Graph({
      node: node,
      expr: queries.map((query) => query.expr),
      name: queries.map((query) => (labels) => name(query.legend, labels)),
      min: 0,
      height: 200,
      xTitle: "",
      colorScheme: COLOURS,
      yAxisFormatter: () => "",
      yHoverFormatter: (value) => text(value, unit),
    });
    graph.unit = unit;
    graph.fullScale = Number(node.dataset.top || 0);
  }

  function highest(answers) {
    let most = 0;
    for (const series of answers.flatMap((answer) => answer.data.result)) {
      for (const pair of series.values) {
        const value = Number(pair[1]);
        most = Number.isFinite(value) && value > most ? value : most;
      }
    }
    return most;
  }

  // Rickshaw listens to the mouse over each graph that it ever drew in a cell, for ever: a new one gets a new cell.
  const clear = PromConsole.Graph.prototype._clearGraph;
  PromConsole.Graph.prototype._clearGraph = function () {
    const cell = this.graphTd.cloneNode(false);
    this.graphTd.replaceWith(cell);
    this.graphTd = cell;
    clear.call(this);
  };

  const render = PromConsole.Graph.prototype._render;
  PromConsole.Graph.prototype._render = function (answers) {
    const failed = answers.find((answer) => !answer || answer.status !== "success");
    if (failed !== undefined) {
      this._clearGraph();
      add(this.graphTd, "prom_graph_error", (failed && failed.error) || "Prometheus doesn't answer");
      return;
    }
    // Room above the highest line, and a scale where all is 0.
    const most = highest(answers);
    this.params.max = most <= this.fullScale ? this.fullScale || 1 : most * 1.1;
    render.call(this, answers);
    // Rickshaw lists the last series first.
    const legend = this.legendDiv.querySelector("ul");
    legend && legend.append(...[...legend.children].reverse());
    drawLines(this);
    drawEvents(this);
  };

  function add(parent, className, content) {
    const element = document.createElement("div");
    element.className = className;
    element.textContent = content;
    parent.appendChild(element);
    return element;
  }

  // The lines of both axes: at round numbers of the unit that the highest value has, and at round times.
  function drawLines(graph) {
    if (graph.rickshawGraph) {
      drawValues(graph);
      drawTimes(graph.graphTd, graph.params.endTime, graph.params.duration);
    }
  }

  function drawValues(graph) {
    const most = graph.params.max;
    const size = scale(most, graph.unit)[1];
    const ticks = d3.scale.linear().domain([0, most / size]).ticks(4);
    for (const tick of ticks) {
      const line = add(graph.graphTd, "y_line", "");
      line.style.bottom = ((tick * size) / most) * 100 + "%";
      add(line, "y_text", text(tick * size, graph.unit));
    }
  }

  function drawTimes(parent, end, duration) {
    const step = STEPS.find((size) => duration / size <= 8) || STEPS[STEPS.length - 1];
    const start = end - duration;
    for (let time = Math.ceil(start / step) * step; time <= end; time += step) {
      const line = add(parent, "x_line", "");
      line.style.left = ((time - start) / duration) * 100 + "%";
      add(line, "x_text", step < 86400 ? stamp(time).slice(11) : stamp(time).slice(5, 10));
    }
  }

  // --- Deployments on every graph ------------------------------------------------------------------------------

  let events = [];

  async function loadEvents() {
    const response = await fetch(PATH_PREFIX + "/api/v1/query?query=" + encodeURIComponent(EVENTS));
    const answer = await response.json();
    events = answer.data.result.map((series) => ({
      time: Number(series.value[1]), event: series.metric.event, release: series.metric.release,
    })).sort((one, other) => one.time - other.time);
    PromConsole._graph_registry.forEach(drawEvents);
  }

  function drawEvents(graph) {
    graph.graphTd.querySelectorAll(".deploy").forEach((line) => line.remove());
    // Where the texts of a line end, so that none covers another.
    const ends = [];
    for (const event of graph.rickshawGraph ? events : []) {
      const share = 1 - (graph.params.endTime - event.time) / graph.params.duration;
      if (share >= 0 && share <= 1) {
        drawEvent(graph.graphTd, share, event, ends);
      }
    }
  }

  function drawEvent(parent, share, { time, event, release }, ends) {
    const line = add(parent, "deploy deploy-" + event, "");
    const label = add(line, share > 0.8 ? "before" : "", `${event} ${release}`);
    line.style.left = share * 100 + "%";
    line.title = `${event} ${release} at ${stamp(time)} UTC`;
    const place = label.getBoundingClientRect();
    let lane = 0;
    while (lane < 3 && ends[lane] > place.left) {
      lane += 1;
    }
    ends[lane] = place.right;
    label.style.top = lane * 14 + "px";
  }

  // --- The time that is shown ----------------------------------------------------------------------------------

  const initial = PromConsole.TimeControl._initialValues;
  const shown = { duration: initial.duration, end: initial.endTimeNow ? null : initial.endTime };
  let timer = null;

  function show() {
    tell();
    const end = shown.end === null ? Date.now() / 1000 : shown.end;
    for (const graph of PromConsole._graph_registry) {
      graph.params.duration = shown.duration;
      graph.params.endTime = end;
      graph.dispatch();
    }
  }

  // Says which time is shown: in the form, in the address, and to the boards that are linked to.
  function tell() {
    history.replaceState(null, "", hash());
    for (const link of document.querySelectorAll("nav a:not(.page)")) {
      link.hash = hash();
    }
    for (const button of $("ranges").children) {
      button.setAttribute("aria-pressed", String(Number(button.value) === shown.duration));
    }
    $("until").value = shown.end === null ? "" : stamp(shown.end);
  }

  // The form that prom_console.js reads when a page loads.
  function hash() {
    return "#pctc" + encodeURIComponent(JSON.stringify({ duration: shown.duration, endTime: shown.end || 0 }));
  }

  function move(ranges) {
    shown.end = (shown.end === null ? Date.now() / 1000 : shown.end) + ranges * shown.duration;
    if (shown.end > Date.now() / 1000) {
      shown.end = null;
    }
    show();
  }

  function until(text) {
    const time = Date.parse(text.trim().replace(" ", "T") + "Z") / 1000;
    shown.end = Number.isFinite(time) ? time : null;
    show();
  }

  // Numbers and tables are the server's: they are taken from a fresh copy of the page.
  async function refresh() {
    try {
      const response = await fetch(location.pathname);
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const fresh = page.querySelectorAll("aside, article.stat, article.table");
      const old = document.querySelectorAll("aside, article.stat, article.table");
      if (!response.ok) {
        throw new Error("Prometheus answers " + response.status);
      }
      if (fresh.length === old.length) {
        old.forEach((element, index) => element.replaceWith(document.adoptNode(fresh[index])));
      }
      await loadEvents();
      document.body.classList.remove("stale");
      if (shown.end === null) {
        show();
      }
    } catch (error) {
      // What was last known stays to be read.
      document.body.classList.add("stale");
    }
  }

  function every(interval) {
    clearInterval(timer);
    timer = interval > 0 ? setInterval(refresh, interval * 1000) : null;
  }

  function start() {
    for (const [text, duration] of Object.entries(RANGES)) {
      const button = document.createElement("button");
      Object.assign(button, { type: "button", textContent: text, value: String(duration) });
      button.onclick = () => { shown.duration = duration; show(); };
      $("ranges").appendChild(button);
    }
    $("earlier").onclick = () => move(-0.5);
    $("later").onclick = () => move(0.5);
    $("now").onclick = () => { shown.end = null; tell(); refresh(); };
    $("until").onchange = () => until($("until").value);
    $("every").onchange = () => every(Number($("every").value));
    $("time").onsubmit = (event) => event.preventDefault();
    // A graph asks for its data by itself when it is made.
    document.querySelectorAll(".plot").forEach(addGraph);
    tell();
    every(Number($("every").value));
    loadEvents().catch(() => document.body.classList.add("stale"));
  }

  start();
})();
