"use strict";
/* The trace viewer. Every text of an agent or a run enters the page as text, never as markup. */
(() => {
  const runs = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const visible = (text) => text.replace(/(?![\n\t])[\p{C}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u2800\u3164\uffa0\u{16fe4}\u{1d159}]/gu, (c) => "\u27e8" + c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0") + "\u27e9");
  const arrived = new Map();  // packed episodes from files beside the page, and who waits for them
  const at = { run: 0, game: 0, episode: 0, step: 1 };
  let trace = null, opened = 0;

  /* ----- reading an episode ----- */

  window.smartplaySteps = (id, packed) => { arrived.get(id)?.(packed); };

  function packedFromFile(place) {
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      arrived.set(place.id, resolve);
      script.onerror = () => reject(new Error(`The steps of this episode are in ${place.file}, which is not beside this page.`));
      script.onload = () => script.remove();
      script.src = place.file.split("/").map(encodeURIComponent).join("/");
      document.head.append(script);
    });
  }

  async function read(place) {
    if (place.missing) throw new Error(place.missing);
    const packed = place.file ? await packedFromFile(place) : $(place.id).textContent;
    const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }

  const text = (places) => visible(places.map((k) => trace.paragraphs[k]).join("\n\n"));

  /* ----- building blocks ----- */

  function make(tag, words, kind) {
    const element = document.createElement(tag);
    if (words !== undefined) element.textContent = words;
    if (kind) element.className = kind;
    return element;
  }

  /* A text that may be higher than its box, which the keyboard must reach to scroll it. */
  function pre(words) {
    const box = make("pre", words);
    box.tabIndex = 0;
    return box;
  }

  function folded(title, ...content) {
    const box = make("details");
    box.append(make("summary", title), ...content);
    return box;
  }

  function options(select, labels, chosen) {
    select.replaceChildren(...labels.map(([value, label]) => new Option(label, value, false, value === chosen)));
    select.value = chosen;
  }

  const number = (x) => (Number.isInteger(x) ? String(x) : String(Number(x.toPrecision(6))));
  const seconds = (x) => (x < 1 ? `${Math.round(1000 * x)} ms` : `${x.toFixed(1)} s`);

  /* ----- choosing ----- */

  const episodes = () => runs[at.run]?.games[at.game]?.episodes ?? [];
  const isTroubled = (e) => e.error !== null || e.invalid > 0;

  function label(e) {
    const result = e.error === null ? `score ${number(e.score)}` : "failed";
    const invalid = e.invalid ? `, ${e.invalid} invalid` : "";
    return `${e.number}: ${result}, ${e.steps} steps${invalid}`;
  }

  function fillChoices() {
    options($("run"), runs.map((run, k) => [String(k), run.name]), String(at.run));
    $("run-label").hidden = runs.length < 2;
    options($("game"), runs[at.run].games.map((game, k) => [String(k), game.id]), String(at.game));
    const shown = episodes().map((e, k) => [k, e]).filter(([k, e]) => !$("troubled").checked || isTroubled(e) || k === at.episode);
    options($("episode"), shown.map(([k, e]) => [String(k), label(e)]), String(at.episode));
  }

  async function open(step, tell = true) {
    const ticket = ++opened;
    fillChoices();
    const place = episodes()[at.episode];
    $("message").hidden = true;
    try {
      if (!place) throw new Error("This run has no finished episode of the game.");
      const found = await read(place);
      if (ticket !== opened) return;
      trace = found;
    } catch (error) {
      if (ticket !== opened) return;
      trace = null;
      say(error instanceof TypeError || error instanceof ReferenceError ? "This browser cannot unpack the steps; use one of 2023 or later." : error.message);
      $("view").hidden = true;
      $("position").textContent = "";
      return;
    }
    $("view").hidden = false;
    if (place.error !== null) say(`This episode failed: ${place.error}`);
    $("manual").textContent = text(trace.manual);
    drawChart();
    go(numberOf(step), tell);
  }

  function say(words) {
    $("message").textContent = words;
    $("message").hidden = false;
  }

  /* ----- showing a step ----- */

  function go(step, tell = true) {
    if (!trace) return;
    const last = trace.steps.length;
    at.step = Math.max(1, Math.min(step, last || 1));
    $("slider").max = String(Math.max(1, last));
    $("slider").value = String(at.step);
    $("slider").setAttribute("aria-valuetext", `step ${at.step} of ${last}`);
    $("position").textContent = last ? `${at.step} / ${last}` : "no steps";
    $("to-first").disabled = $("to-previous").disabled = at.step <= 1;
    $("to-next").disabled = $("to-last").disabled = at.step >= last;
    const here = address();
    $("link").href = here;
    if (tell) history.replaceState(null, "", here);
    show(trace.steps[at.step - 1]);
    moveCursor();
  }

  const address = () => `#${at.run}/${runs[at.run].games[at.game].id}/${episodes()[at.episode].number}/${at.step}`;

  function show(step) {
    const before = at.step > 1 ? trace.steps[at.step - 2].after : trace.first;
    $("observation").textContent = text(before);
    showPicture();
    const items = trace.actions.map((name, k) => make("li", visible(name), step && k === step.action ? "taken" : ""));
    $("actions").replaceChildren(...items);
    $("attempts").replaceChildren(...(step ? step.attempts.map(attempt) : [make("p", "The agent was not asked, or its reply was lost with the failure.", "none")]));
    $("outcome").replaceChildren(...(step ? outcome(step) : []));
    $("after").textContent = step ? text(step.after) : "";
    $("after").hidden = !step;
  }

  function showPicture() {
    const drawn = Object.keys(trace.pictures).map(Number).filter((k) => k < at.step);
    const nearest = Math.max(...drawn);
    const any = drawn.length > 0;
    $("picture").hidden = !any;
    if (any) {
      const picture = text(trace.pictures[nearest]);
      $("picture").src = picture.startsWith("data:") ? picture : `data:image/svg+xml,${encodeURIComponent(picture)}`;
      $("picture").alt = `The game after ${nearest} steps`;
    }
    $("picture-note").textContent = !any ? trace.noPictures : nearest === at.step - 1 ? "" : `The last picture before this step: after ${nearest} steps. Not every step is drawn.`;
  }

  function outcome(step) {
    const facts = [["Executed", visible(step.name)], ["Reward", number(step.reward)], ["Score so far", number(step.score)], ["Agent took", seconds(step.seconds)]];
    return facts.map(([name, value]) => {
      const box = make("div");
      box.append(make("dt", name), make("dd", value));
      return box;
    });
  }

  function attempt(a, k, all) {
    const step = trace.steps[at.step - 1];
    const box = make("div", undefined, "attempt");
    if (all.length > 1) box.append(make("p", `Reply ${k + 1} of ${all.length}`, "role"));
    const reasoning = text(a.reasoning);
    if (reasoning) box.append(folded("Reasoning", pre(reasoning)));
    if (reasoning) box.lastChild.open = true;
    box.append(pre(text(a.reply) || "(empty)"));
    const lastOne = k === all.length - 1;
    if (a.cause) box.append(make("p", `No valid action: ${visible(a.cause)}.${lastOne ? ` Played instead: ${visible(step.name)}.` : " Asked again."}`, "verdict bad"));
    else box.append(make("p", `→ ${visible(step.name)}`, "verdict"));
    a.calls.forEach((call, number) => box.append(callBox(call, number, a.calls.length)));
    if (!a.calls.length && k === 0) box.append(make("p", "No call to a language model was recorded; the agent read the manual, the actions and the observation.", "none"));
    return box;
  }

  function callBox(call, k, all) {
    const [read, cached, written, thought] = call.usage;
    const facts = `${visible(call.model || "model")}: ${read} tokens read (${cached} cached), ${written} written (${thought} reasoning), ${seconds(call.seconds)}, ended by ${visible(call.finish)}`;
    const content = [make("p", facts, "none")];
    for (const message of call.messages) content.push(make("p", visible(message.role), "role"), pre(text(message.text)));
    if (all > 1) content.push(make("p", "its reply", "role"), pre(text(call.text)));
    const reasoning = text(call.reasoning);
    if (reasoning) content.push(make("p", "its reasoning", "role"), pre(reasoning));
    return folded(all > 1 ? `Full prompt of call ${k + 1}` : "Full prompt", ...content);
  }

  /* ----- the score curve ----- */

  const SVG = "http://www.w3.org/2000/svg";
  const x = (step) => (trace.steps.length < 2 ? 500 : 10 + (980 * (step - 1)) / (trace.steps.length - 1));

  function draw(tag, attributes, kind) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
    element.setAttribute("class", kind);
    return element;
  }

  function drawChart() {
    const scores = trace.steps.map((step) => step.score);
    const low = scores.reduce((a, b) => Math.min(a, b), 0), high = scores.reduce((a, b) => Math.max(a, b), 0) || 1;
    const y = (score) => (80 - (70 * (score - low)) / (high - low || 1)).toFixed(1);
    const every = Math.max(1, Math.floor(scores.length / 2000));
    const points = scores.map((score, k) => [k + 1, score]).filter(([k]) => k % every === 0 || k === scores.length);
    const parts = [];
    const bad = trace.steps.map((step, k) => [k + 1, step.valid]).filter(([, valid]) => !valid).slice(0, 2000);
    for (const [k] of bad) parts.push(draw("line", { x1: x(k), x2: x(k), y1: 82, y2: 90 }, "bad"));
    if (points.length) parts.push(draw("path", { d: "M" + points.map(([k, score]) => `${x(k).toFixed(1)} ${y(score)}`).join("L") }, `trail s${at.run % 8}`));
    parts.push(draw("line", { y1: 0, y2: 90, x1: 0, x2: 0 }, "now"));
    $("chart").replaceChildren(...parts);
  }

  function moveCursor() {
    const now = $("chart").querySelector(".now");
    now.setAttribute("x1", String(x(at.step)));
    now.setAttribute("x2", String(x(at.step)));
  }

  /* ----- moving ----- */

  const STOPS = {
    __proto__: null,
    all: () => true,
    invalid: (step) => !step.valid,
    retried: (step) => step.attempts.some((a) => a.cause),
  };

  function seek(direction, filter) {
    for (let k = at.step + direction; k >= 1 && k <= trace.steps.length; k += direction) {
      if (filter(trace.steps[k - 1])) return go(k);
    }
    $("position").textContent = `${at.step} / ${trace.steps.length}, no further`;
  }

  /* The place of an address: a number, or the first step of a kind in STOPS. */
  const numberOf = (place) => (STOPS[place] ? 1 + trace.steps.findIndex(STOPS[place]) : Number(place)) || 1;

  const move = (direction) => trace && seek(direction, STOPS[$("stop").value]);

  function changeEpisode(direction) {
    const shown = [...$("episode").options].map((option) => Number(option.value));
    const next = shown[shown.indexOf(at.episode) + direction];
    if (next !== undefined) { at.episode = next; open(1); }
  }

  const KEYS = {
    ArrowLeft: () => move(-1), ArrowRight: () => move(1),
    PageUp: () => go(at.step - 10), PageDown: () => go(at.step + 10),
    Home: () => go(1), End: () => go(Infinity),
    n: () => trace && seek(1, STOPS.retried), N: () => trace && seek(1, STOPS.retried),
    "[": () => changeEpisode(-1), "]": () => changeEpisode(1),
  };

  function onKey(event) {
    const target = event.target, inViewer = $("viewer").contains(target) || (target === document.body && location.hash.includes("/"));
    const typing = target.matches("select, pre, .scroll, summary");
    if (!inViewer || event.altKey || event.ctrlKey || event.metaKey || !KEYS[event.key]) return;
    if (typing && !["n", "N", "[", "]"].includes(event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  }

  function follow(tell) {
    const here = decodeURIComponent(location.hash.slice(1));
    const parts = here.split("/");
    if (parts.length !== 4) {
      if ($(here)?.matches("details")) $(here).open = true;
      return false;
    }
    $("viewer").open = true;
    const run = Number(parts[0]);
    const game = runs[run]?.games.findIndex((g) => g.id === parts[1]) ?? -1;
    const episode = game < 0 ? -1 : runs[run].games[game].episodes.findIndex((e) => e.number === parts[2]);
    if (episode < 0) {
      say("There is no such episode on this page.");
      return false;
    }
    const same = trace && at.run === run && at.game === game && at.episode === episode;
    Object.assign(at, { run, game, episode });
    if (STOPS[parts[3]]) $("stop").value = parts[3];
    if (same) go(numberOf(parts[3]), tell); else open(parts[3], tell);
    $("viewer").scrollIntoView();
    return true;
  }

  /* ----- starting ----- */

  function begin() {
    $("player").hidden = false;
    at.run = Math.max(0, runs.findIndex((run) => run.games.length));
    if (!runs[at.run]?.games.length) {
      say("No episode was finished, so there is nothing to step through.");
      $("view").hidden = true;
      return;
    }
    $("run").onchange = () => {
      const game = runs[at.run].games[at.game].id;
      at.run = Number($("run").value);
      at.game = Math.max(0, runs[at.run].games.findIndex((g) => g.id === game));
      at.episode = Math.min(at.episode, Math.max(0, episodes().length - 1));
      open(at.step);
    };
    $("game").onchange = () => { at.game = Number($("game").value); at.episode = 0; open(1); };
    $("episode").onchange = () => { at.episode = Number($("episode").value); open(1); };
    $("troubled").onchange = () => {
      const first = episodes().findIndex(isTroubled);
      if ($("troubled").checked && first >= 0 && !isTroubled(episodes()[at.episode])) { at.episode = first; open(1); } else fillChoices();
    };
    $("stop").onchange = () => { if (trace?.steps.length && !STOPS[$("stop").value](trace.steps[at.step - 1])) move(1); };
    $("slider").oninput = () => go(Number($("slider").value));
    $("to-first").onclick = () => go(1);
    $("to-previous").onclick = () => move(-1);
    $("to-next").onclick = () => move(1);
    $("to-last").onclick = () => go(Infinity);
    $("chart").onclick = (event) => {
      const box = $("chart").getBoundingClientRect();
      const share = ((event.clientX - box.left) / box.width - 0.01) / 0.98;
      go(1 + Math.round(share * (trace.steps.length - 1)));
    };
    document.addEventListener("keydown", onKey);
    window.addEventListener("hashchange", () => follow(true));
    document.addEventListener("click", (event) => {  // again to where one is, which changes no hash
      if (location.hash && event.target.closest("a")?.getAttribute("href") === location.hash) follow(true);
    });
    if (!follow(true)) open(1, false);
  }

  begin();
})();
