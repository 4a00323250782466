"use strict";
/* Keys for the actions, and pages that change without a reload. All works without it: forms are forms. */
(() => {
  const main = () => document.getElementById("main");
  const lost = document.getElementById("lost"), gone = lost.textContent;
  let busy = false, typed = "";

  const warn = (text) => { lost.textContent = text; lost.hidden = false; };

  /** Put the main part of a page in place of the present one, or show what stands in its place. */
  const swap = (text, keepPlace) => {
    const page = new DOMParser().parseFromString(text, "text/html");
    const fresh = page.getElementById("main");
    if (!fresh) return warn(page.body.textContent);
    const open = keepPlace ? [...document.querySelectorAll("details[open] > summary")].map((s) => s.textContent) : [];
    main().replaceWith(document.adoptNode(fresh));
    for (const summary of document.querySelectorAll("details > summary"))
      if (open.includes(summary.textContent)) summary.parentElement.open = true;
    document.title = page.title;
    lost.hidden = true;
    typed = "";
    if (!keepPlace) {
      const now = document.getElementById("now");
      if (document.querySelector(".manual[open]") || !now) scrollTo(0, 0);  // there is something to read first
      else if (now.getBoundingClientRect().top < 0) now.scrollIntoView({ block: "start" });
      focus();
    }
  };

  /** Say where the reader is: what has changed, or the one button there is. */
  const focus = () => (document.querySelector("[data-focus]") || document.getElementById("now"))?.focus({ preventScroll: true });

  const send = async (form, button) => {
    if (busy) return;  // a double click
    busy = true;
    const body = new URLSearchParams(new FormData(form));
    if (button?.name) body.set(button.name, button.value);
    main().classList.add("busy");
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body });
      const address = new URL(answer.url);
      swap(await answer.text(), false);
      if (answer.redirected) history.replaceState(null, "", address.pathname);
    } catch {
      warn(gone);
    } finally {
      busy = false;
      main().classList.remove("busy");
    }
  };

  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-swap]")) return;
    event.preventDefault();
    send(event.target, event.submitter);
  });

  const NAMES = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", " ": "space" };
  const tell = () => { const told = document.getElementById("typed"); if (told) told.textContent = typed && `action ${typed}_ and Enter`; };
  document.addEventListener("keydown", (event) => {
    const form = document.querySelector("form[data-keys]");
    if (!form || event.ctrlKey || event.metaKey || event.altKey || event.repeat || busy) return;
    const target = event.target;
    if (target.matches("input:not([type=hidden]), select, textarea, summary")) return;
    const buttons = [...form.querySelectorAll("button[name=action]")];
    const take = (button) => { event.preventDefault(); typed = ""; send(form, button); };
    if (/^[0-9]$/.test(event.key)) {
      typed += event.key;
      const number = Number(typed);
      if (!(number > 0 && 10 * number <= buttons.length)) {
        const button = buttons[number - 1];
        typed = "";
        if (button) take(button);
      } else event.preventDefault();
      return tell();
    }
    const before = typed;
    typed = event.key === "Backspace" ? before.slice(0, -1) : "";
    tell();
    if (event.key === "Enter" && before) return take(buttons[Number(before) - 1]);
    if ((event.key === " " || event.key === "Enter") && target.matches("button, a")) return;
    const key = NAMES[event.key] || event.key;
    const button = buttons.find((b) => b.dataset.key === key) || buttons.find((b) => b.dataset.key === key.toLowerCase());
    if (button) take(button);
  });

  setInterval(async () => {
    const seconds = Number(main().dataset.poll);
    if (!seconds || busy || document.hidden || Date.now() - last < 1000 * seconds) return;
    last = Date.now();
    try {
      const answer = await fetch(location.href);
      if (answer.ok && main().dataset.poll) swap(await answer.text(), true);
    } catch { warn(gone); }
  }, 250);
  let last = Date.now();
  focus();
})();
