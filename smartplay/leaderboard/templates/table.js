"use strict";
(() => {
  const names = JSON.parse(document.getElementById("data").textContent);
  const COLORS = 6;
  const find = document.getElementById("find");
  const track = document.getElementById("track");
  const view = document.getElementById("view");
  const models = document.getElementById("models");
  const verified = document.getElementById("verified");
  document.documentElement.classList.add("scripted");

  function show() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    document.documentElement.classList.toggle("by-capability", view.value === "capabilities");
    let shown = 0;
    for (const section of document.querySelectorAll(".track")) {
      const rows = [...section.querySelectorAll("tbody tr")];
      for (const row of rows) {
        row.hidden = !words.every((word) => row.dataset.text.includes(word))
          || (models.checked && row.classList.contains("baseline"))
          || (verified.checked && row.dataset.status !== "verified");
      }
      const fitting = rows.filter((row) => !row.hidden).length;
      section.hidden = (track.value !== "" && section.id !== track.value) || !fitting;
      if (!section.hidden) shown += fitting;
    }
    document.getElementById("shown").textContent = `${shown} row${shown === 1 ? "" : "s"}`;
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

  function radar() {
    const chosen = [...document.querySelectorAll("tbody input:checked")].map((box) => box.value);
    const figure = document.querySelector("#figure svg");
    const legend = document.getElementById("legend");
    figure.setAttribute("aria-label", `Capabilities: ${chosen.map((key) => names[key]).join(", ") || "no row chosen"}`);
    for (const run of figure.querySelectorAll("[data-key]")) {
      const place = chosen.indexOf(run.dataset.key);
      run.setAttribute("display", place < 0 ? "none" : "inline");
      run.setAttribute("class", `s${place % COLORS} turn${Math.floor(place / COLORS) % 3}`);
    }
    legend.replaceChildren(...chosen.map((key, place) => {
      const item = document.createElement("li");
      item.className = `s${place % COLORS} turn${Math.floor(place / COLORS) % 3}`;
      item.textContent = names[key];
      return item;
    }));
    if (!chosen.length) legend.textContent = "Choose rows by their boxes.";
  }

  for (const element of [find, track, view, models, verified]) element.addEventListener("input", show);
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
