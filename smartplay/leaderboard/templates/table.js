"use strict";
(() => {
  const { capabilities, rows } = JSON.parse(document.getElementById("data").textContent);
  const byKey = new Map(rows.map((row) => [row.key, row]));
  const COLORS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"];
  const DASHES = ["", "9 4", "2 3", "12 3 2 3", "5 5", "14 6"];
  const RIM = 1.4;
  const find = document.getElementById("find");
  const track = document.getElementById("track");
  const view = document.getElementById("view");
  const models = document.getElementById("models");
  document.documentElement.classList.add("scripted");

  function show() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    document.documentElement.classList.toggle("by-capability", view.value === "capabilities");
    for (const section of document.querySelectorAll(".track")) {
      section.hidden = track.value !== "" && section.id !== track.value;
      for (const row of section.querySelectorAll("tbody tr")) {
        const fits = words.every((word) => row.dataset.text.includes(word));
        row.hidden = !fits || (models.checked && row.classList.contains("baseline"));
      }
    }
  }

  function sort(head) {
    const table = head.closest("table");
    const place = [...head.parentNode.children].indexOf(head);
    const numeric = head.classList.contains("number");
    const now = head.getAttribute("aria-sort");
    const down = now === "none" ? numeric : now === "ascending";
    for (const other of table.querySelectorAll("thead th[aria-sort]")) other.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const value = (row) => row.children[place].dataset.sort;
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === "" || y === "") return (x === "") - (y === "");
      const less = numeric ? Number(x) - Number(y) : x.localeCompare(y);
      return down ? -less : less;
    };
    table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
  }

  const SVG = "http://www.w3.org/2000/svg";
  function draw(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    if (text !== undefined) element.textContent = text;
    return element;
  }

  function radar() {
    const chosen = [...document.querySelectorAll("tbody input:checked")].map((box) => byKey.get(box.value));
    const figure = document.getElementById("figure");
    const legend = document.getElementById("legend");
    figure.replaceChildren();
    legend.replaceChildren();
    const all = chosen.flatMap((row) => row.values).filter(Boolean).flat().filter((v) => v !== null);
    const top = Math.min(RIM, Math.ceil(5 * Math.max(1, ...all)) / 5);
    const svg = draw("svg", { viewBox: "0 0 720 500", role: "img" });
    svg.append(draw("title", {}, `Capabilities: ${chosen.map((row) => row.name).join(", ") || "no row chosen"}`));
    const at = (axis, value) => {
      const angle = (2 * Math.PI * axis) / capabilities.length - Math.PI / 2;
      const reach = 180 * Math.min(1, Math.max(0, value) / top);
      return [360 + reach * Math.cos(angle), 250 + reach * Math.sin(angle)];
    };
    for (let value = 0.2; value < top + 0.01; value += 0.2) {
      const human = Math.abs(value - 1) < 0.01;
      svg.append(draw("circle", { cx: 360, cy: 250, r: (180 * value) / top, class: human ? "ring human" : "ring" }));
      const [x, y] = at(0, value);
      svg.append(draw("text", { x: x + 4, y: y + 12, "font-size": 11 }, human ? "human 1.0" : value.toFixed(1)));
    }
    capabilities.forEach((name, axis) => {
      const [x, y] = at(axis, top);
      const [tx, ty] = [360 + (x - 360) * 1.09, 250 + (y - 250) * 1.09];
      const anchor = Math.abs(tx - 360) < 20 ? "middle" : tx > 360 ? "start" : "end";
      svg.append(draw("line", { x1: 360, y1: 250, x2: x, y2: y, class: "axis" }));
      svg.append(draw("text", { x: tx, y: ty + 5, "text-anchor": anchor }, name));
    });
    chosen.forEach((row, number) => {
      const stroke = { stroke: COLORS[number % COLORS.length], "stroke-dasharray": DASHES[number % DASHES.length] };
      row.values.forEach((value, axis) => {
        const next = row.values[(axis + 1) % capabilities.length];
        if (!value) return;
        const [x, y] = at(axis, value[0]);
        if (next) {
          const [x2, y2] = at(axis + 1, next[0]);
          svg.append(draw("line", { x1: x, y1: y, x2, y2, "stroke-width": 2.5, ...stroke }));
        }
        if (value[1] !== null) {
          const [[lx, ly], [hx, hy]] = [at(axis, value[1]), at(axis, value[2])];
          svg.append(draw("line", { x1: lx, y1: ly, x2: hx, y2: hy, stroke: stroke.stroke, "stroke-width": 7, "stroke-opacity": 0.3 }));
        }
        svg.append(draw("circle", { cx: x, cy: y, r: 4, fill: stroke.stroke }));
      });
      const item = document.createElement("li");
      const sample = draw("svg", { viewBox: "0 0 32 12", "aria-hidden": "true" });
      sample.append(draw("line", { x1: 0, y1: 6, x2: 32, y2: 6, "stroke-width": 3, ...stroke }));
      item.append(sample, row.name);
      legend.append(item);
    });
    if (all.some((value) => value > top)) {
      const item = document.createElement("li");
      item.append(document.createElement("small"));
      item.firstChild.textContent = `What is above ${top} is drawn on the rim; the table has the numbers.`;
      legend.append(item);
    }
    if (!chosen.length) legend.textContent = "Choose rows by their boxes.";
    figure.append(svg);
  }

  for (const element of [find, track, view, models]) element.addEventListener("input", show);
  document.querySelector(".controls").addEventListener("submit", (event) => event.preventDefault());
  for (const button of document.querySelectorAll("thead button")) {
    button.addEventListener("click", () => sort(button.closest("th")));
  }
  for (const box of document.querySelectorAll("tbody input")) box.addEventListener("input", radar);
  const first = [...document.querySelectorAll(".track")].find((section) => section.querySelector("tbody tr"));
  for (const box of [...first.querySelectorAll("tbody input")].slice(0, 3)) box.checked = true;
  radar();
  show();
})();
