// Everything the page says is in its markup already: this only folds, filters, sorts
// and highlights. Reads are done before writes, so that one change lays out once.
"use strict";

document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("task-table");
  if (table) taskTable(table);
  const graph = document.getElementById("call-graph");
  if (graph) callGraph(graph);
  unfoldTarget();
  window.addEventListener("hashchange", unfoldTarget);
});

// A link to a folded file opens it.
function unfoldTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) target.open = true;
}

function taskTable(table) {
  const form = document.querySelector(".controls");
  const shown = document.getElementById("shown");
  const none = document.getElementById("no-tasks");
  const words = document.getElementById("filter");
  const target = document.getElementById("target");
  const numbers = new Intl.NumberFormat("en");
  let bodies = Array.from(table.tBodies);

  // What the filter looks at: the row itself, its reasons and its callers.
  const haystack = new Map();
  function textOf(body) {
    if (!haystack.has(body)) {
      const parts = [body.rows[0], ...body.querySelectorAll("[data-find]")];
      haystack.set(body, parts.map((part) => part.textContent).join(" ").toLowerCase());
    }
    return haystack.get(body);
  }

  function filter() {
    const wanted = words.value.toLowerCase().split(/\s+/).filter(Boolean);
    const levels = new Set(Array.from(form.querySelectorAll("[name=level]:checked"), (box) => box.value));
    let count = 0;
    for (const body of bodies) {
      const fits =
        levels.has(body.dataset.level) &&
        (!target.value || body.dataset.target === target.value) &&
        wanted.every((word) => textOf(body).includes(word));
      if (body.hidden === fits) body.hidden = !fits;
      count += fits;
    }
    const all = numbers.format(bodies.length);
    shown.textContent = count === bodies.length ? `${all} tasks` : `${numbers.format(count)} of ${all} tasks`;
    none.hidden = count > 0;
  }

  let waiting = 0;
  function filterSoon() {
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(filter);
  }

  function toggle(button, open) {
    button.setAttribute("aria-expanded", String(open));
    button.closest("tbody").toggleAttribute("data-open", open);
  }

  const value = {
    name: (body) => body.querySelector(".open").textContent,
    level: (body) => Number(body.dataset.rank),
    target: (body) => body.dataset.target,
    callers: (body) => Number(body.querySelector("td.col-callers").textContent),
    schedules: (body) => Number(body.querySelector("td.col-schedules").textContent),
  };

  function sort(button) {
    const heading = button.closest("th");
    const isNumber = button.dataset.sort === "number";
    const before = heading.getAttribute("aria-sort");
    // Figures are asked for from the top, names from the start.
    const first = isNumber ? "descending" : "ascending";
    const other = isNumber ? "ascending" : "descending";
    const order = before === first ? other : first;
    const sign = order === "ascending" ? 1 : -1;
    const of = value[button.dataset.key];
    const keys = new Map(bodies.map((body) => [body, of(body)]));
    const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b));
    bodies = bodies
      .map((body, index) => [body, index])
      .sort(([a, i], [b, j]) => sign * compare(keys.get(a), keys.get(b)) || i - j)
      .map(([body]) => body);
    table.append(...bodies);
    for (const cell of table.tHead.rows[0].cells) {
      if (cell.hasAttribute("aria-sort")) cell.setAttribute("aria-sort", cell === heading ? order : "none");
    }
  }

  // Up and down go from task to task, Home and End to the first and last.
  function move(event) {
    const button = event.target.closest(".open");
    if (!button || !["ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
    const visible = bodies.filter((body) => !body.hidden);
    const at = visible.indexOf(button.closest("tbody"));
    const next = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: visible.length - 1 }[event.key];
    if (visible[next]) visible[next].querySelector(".open").focus();
    event.preventDefault();
  }

  function followLink() {
    const id = decodeURIComponent(location.hash.slice(1));
    const body = bodies.find((one) => one.id === id);
    if (!body) return;
    if (body.hidden) {
      form.reset();
      filter();
    }
    const button = body.querySelector(".open");
    toggle(button, true);
    body.scrollIntoView();
    button.focus({ preventScroll: true });
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", filterSoon);
  table.addEventListener("click", (event) => {
    const opener = event.target.closest(".open");
    if (opener) toggle(opener, opener.getAttribute("aria-expanded") !== "true");
    const sorter = event.target.closest("[data-sort]");
    if (sorter) sort(sorter);
  });
  table.addEventListener("keydown", move);
  window.addEventListener("hashchange", followLink);
  // A browser may bring back what was typed before a reload.
  filter();
  followLink();
}

function callGraph(graph) {
  const edges = Array.from(graph.querySelectorAll(".edge"));
  const nodes = new Map(Array.from(graph.querySelectorAll("[data-node]"), (node) => [node.dataset.node, node]));

  // Follows the lines out of a task both ways, out of a caller to the queues.
  function reached(key) {
    const keys = new Set([key]);
    for (const [from, to] of [["from", "to"], ["to", "from"]]) {
      let front = [key];
      while (front.length) {
        front = edges.filter((edge) => front.includes(edge.dataset[from])).map((edge) => edge.dataset[to]);
        front.forEach((one) => keys.add(one));
      }
    }
    return keys;
  }

  function narrow(node) {
    const keys = node ? reached(node.dataset.node) : new Set();
    graph.classList.toggle("narrowed", Boolean(node));
    for (const [key, one] of nodes) one.classList.toggle("on", keys.has(key));
    for (const edge of edges) edge.classList.toggle("on", keys.has(edge.dataset.from) && keys.has(edge.dataset.to));
  }

  const find = (event) => narrow(event.target.closest("[data-node]"));
  graph.addEventListener("pointerover", find);
  graph.addEventListener("pointerleave", () => narrow(null));
  graph.addEventListener("focusin", find);
  graph.addEventListener("focusout", () => narrow(null));
}
