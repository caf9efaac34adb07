"use strict";
// The server draws everything; this file sends gestures and puts what changed into the page.
const me = document.body.dataset.me;
const one = (selector, root = document) => root.querySelector(selector);
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// Talking to the server.

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return await answer.json();
  } catch {
    return { error: "The sandbox does not answer. Is it still running?" };
  }
}

async function act(gesture, body) {
  const answer = await post(`/as/${encodeURIComponent(me)}/do/${gesture}`, { channel: document.body.dataset.channel, ...body });
  if (answer.error) toast(answer.error);
  if (answer.goto) location.href = answer.goto;
  return answer;
}

async function control(what, body) {
  const answer = await post(`/control/${what}`, body);
  if (answer.error) toast(answer.error);
}

function toast(text) {
  const line = document.createElement("div");
  line.className = "toast";
  line.textContent = text;
  one("#toasts").append(line);
  setTimeout(() => line.remove(), 8000);
}

async function busily(thing, work) {
  if (thing.classList.contains("busy")) return;
  thing.classList.add("busy");
  thing.setAttribute("aria-busy", "true");
  try { await work(); } finally { thing.classList.remove("busy"); thing.removeAttribute("aria-busy"); }
}

// Live updates: fetch the page again and exchange only what the server drew differently.

const drawn = new Map();
let fetching = false, again = false;

function remember(root) {
  for (const region of all("[data-live]", root)) {
    if ("keyed" in region.dataset) for (const child of region.children) drawn.set(child.id, child.outerHTML);
    else drawn.set(region.id, region.dataset.key ?? region.innerHTML);
  }
}

async function refresh() {
  if (fetching) { again = true; return; }
  fetching = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    const path = new URL(answer.url).pathname;
    if (path !== location.pathname) { location.href = path; return; }
    exchange(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch { /* the stream's own reconnecting calls again */ } finally {
    fetching = false;
    if (again) { again = false; refresh(); }
  }
}

function exchange(fresh) {
  for (const next of all("[data-live]", fresh)) {
    const region = document.getElementById(next.id);
    if (!region) continue;
    if ("keyed" in next.dataset) { exchangeRows(region, next); continue; }
    const drawing = next.dataset.key ?? next.innerHTML;
    if (drawn.get(next.id) === drawing) continue;
    drawn.set(next.id, drawing);
    const kept = next.id === "modal" ? typedIn(region) : new Map();
    region.replaceChildren(...next.childNodes);
    if (next.dataset.key !== undefined) region.dataset.key = next.dataset.key;
    typeAgain(region, kept);
    if (next.id === "modal") one("[autofocus], .modal textarea, .modal input[type=text]", region)?.focus();
  }
}

function exchangeRows(region, next) {
  const low = region.scrollHeight - region.scrollTop - region.clientHeight < 80;
  const there = new Map([...region.children].map((child) => [child.id, child]));
  let before = null;
  for (const row of [...next.children]) {
    const source = row.outerHTML;
    let mine = there.get(row.id);
    if (!mine || drawn.get(row.id) !== source) {
      drawn.set(row.id, source);
      if (mine) mine.replaceWith(row);
      mine = row;
    }
    there.delete(row.id);
    const place = before ? before.nextSibling : region.firstChild;
    if (mine !== place) region.insertBefore(mine, place);
    before = mine;
  }
  for (const gone of there.values()) gone.remove();
  if (low) region.scrollTop = region.scrollHeight;
}

const TYPED = "textarea, input[type=text], input[type=number], input[type=url], input[type=email]";
const address = (el) => `${el.closest("[data-view]")?.dataset.view}/${el.dataset.block}/${el.dataset.action}`;

function typedIn(region) {
  const kept = new Map();
  for (const el of all(".el", region)) {
    const input = one(TYPED, el);
    if (input && input.value !== input.defaultValue) kept.set(address(el), input.value);
  }
  return kept;
}

function typeAgain(region, kept) {
  for (const el of all(".el", region)) {
    const input = one(TYPED, el);
    if (input && kept.has(address(el))) input.value = kept.get(address(el));
  }
}

function listen() {
  const stream = new EventSource(`/as/${encodeURIComponent(me)}/live`);
  stream.addEventListener("change", refresh);
  stream.addEventListener("open", () => { document.body.classList.remove("lost"); refresh(); });
  stream.addEventListener("error", () => document.body.classList.add("lost"));
}

// Block Kit.

function values(el) {
  const boxes = all("input[type=radio], input[type=checkbox]", el);
  if (boxes.length || one(".pick", el)) return boxes.filter((box) => box.checked).map((box) => box.value);
  const input = one("input, textarea", el);
  return input ? [input.value] : [];
}

const entered = (surface) => all(".el", surface)
  .filter((el) => !["button", "overflow"].includes(el.dataset.type))
  .map((el) => ({ block: el.dataset.block, action: el.dataset.action, values: values(el) }));

const spot = (surface) => surface.dataset.view ? { view: surface.dataset.view } : { ts: surface.dataset.ts, channel: surface.dataset.channel };

async function press(el, more = {}) {
  if (!(await confirmed(el))) return;
  const surface = el.closest("[data-surface]");
  await busily(el, async () => {
    const answer = await act("press", { ...spot(surface), block: el.dataset.block, action: el.dataset.action, entered: entered(surface), ...more });
    wrong(surface, answer.errors);
  });
}

function wrong(surface, errors = {}) {
  for (const input of all("[data-input]", surface)) {
    one(".wrong", input).textContent = errors[input.dataset.input] ?? "";
    input.classList.toggle("bad", input.dataset.input in errors);
  }
  one("[data-input].bad", surface)?.scrollIntoView({ block: "nearest" });
}

function confirmed(el) {
  const asked = one("template.confirm", el);
  if (!asked) return Promise.resolve(true);
  return ask((dialog) => dialog.append(asked.content.cloneNode(true))).then((answer) => answer === "yes");
}

function ask(furnish) {
  const dialog = document.createElement("dialog");
  furnish(dialog);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => { if (event.target.value) dialog.close(event.target.value); });
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => { dialog.remove(); done(dialog.returnValue); }));
}

async function submit(form) {
  await busily(form, async () => {
    const buttons = all("footer button", form);
    buttons.forEach((button) => { button.disabled = true; });
    const answer = await act("submit", { ...spot(form), entered: entered(form) });
    buttons.forEach((button) => { button.disabled = false; });
    wrong(form, answer.errors);
    one(".wrong.whole", form).textContent = answer.error ?? "";
  });
}

// Menus.

function chose(pick) {
  const boxes = all(".options input:checked", pick);
  const shown = one(".chosen", pick);
  shown.textContent = boxes.map((box) => one(".shown", box.parentElement).textContent).join(", ") || shown.dataset.placeholder;
  shown.classList.toggle("empty", !boxes.length);
}

let searching = 0;

function filter(pick, words) {
  const source = pick.dataset.source;
  if (source === "static") {
    for (const option of all(".option", pick)) option.hidden = !option.textContent.toLowerCase().includes(words.toLowerCase());
    return;
  }
  clearTimeout(searching);
  searching = setTimeout(async () => {
    const answer = await fetch(`/as/${encodeURIComponent(me)}/choices?of=${source}&q=${encodeURIComponent(words)}`);
    const list = one(".options", pick);
    const first = one("input", list);
    const kind = pick.classList.contains("multi") ? "checkbox" : "radio";
    const name = first?.name ?? `${source}-found`;
    const kept = all("input:checked", list).map((box) => box.closest(".option"));
    const ids = kept.map((option) => one("input", option).value);
    list.replaceChildren(...kept, ...(await answer.json()).filter((line) => !ids.includes(line.value)).map((line) => option(line, kind, name)));
  }, 120);
}

function option(line, kind, name) {
  const label = document.createElement("label"), input = document.createElement("input"), words = document.createElement("span");
  const shown = document.createElement("span"), note = document.createElement("small");
  label.className = "option";
  Object.assign(input, { type: kind, name, value: line.value });
  shown.className = "shown";
  shown.textContent = line.text;
  note.textContent = ` ${line.note}`;
  words.append(shown, note);
  label.append(input, words);
  return label;
}

function picked(pick, input) {
  const most = Number(pick.dataset.most);
  if (most && all(".options input:checked", pick).length > most) { input.checked = false; toast(`At most ${most} can be chosen.`); return; }
  chose(pick);
  const el = pick.closest(".el");
  if (pick.dataset.goto) { pick.open = false; act(pick.dataset.goto, { name: input.value }); return; }
  if (!pick.classList.contains("multi")) { pick.open = false; if (el.dataset.acts) press(el); } else pick.dataset.changed = "1";
}

function place(box, menu) {
  if (!menu) return;
  box.classList.remove("up");
  const summary = box.getBoundingClientRect();
  box.classList.toggle("up", summary.bottom + menu.offsetHeight > innerHeight - 80 && summary.top > menu.offsetHeight + 60);
  const over = summary.left + menu.offsetWidth - (innerWidth - 12);
  if (box.closest(".el")) menu.style.left = `${-Math.min(Math.max(over, 0), summary.left - 8)}px`;
  menu.scrollIntoView({ block: "nearest" });
}

document.addEventListener("toggle", (event) => {
  const box = event.target;
  if (box.tagName !== "DETAILS") return;
  if (box.open) {
    place(box, one(".menu", box));
    if (matchMedia("(hover: hover)").matches) one(".filter", box)?.focus();
  } else if (box.dataset.changed) {
    delete box.dataset.changed;
    if (box.closest(".el")?.dataset.acts) press(box.closest(".el"));
  }
}, true);

// Gestures.

const message = (thing) => { const row = thing.closest("[data-ts]"); return row ? { ts: row.dataset.ts, channel: row.dataset.channel } : {}; };

async function rewrite(button) {
  let area;
  const answer = await ask((dialog) => {
    area = document.createElement("textarea");
    area.value = button.dataset.text;
    const save = Object.assign(document.createElement("button"), { className: "btn primary", value: "yes", textContent: "Save changes" });
    dialog.append(area, save);
  });
  if (answer === "yes") act("edit", { ...message(button), text: area.value });
}

const DO = {
  edit: rewrite,
  close: (button) => act("close", spot(button.closest("[data-view]"))),
};

function leaveMenus(target) {
  for (const box of all("details[open]")) if (!box.classList.contains("document") && !box.contains(target)) box.open = false;
}

document.addEventListener("click", (event) => {
  const target = event.target;
  leaveMenus(target);
  const steered = target.closest("button[data-control]");
  if (steered) { steer(steered); return; }
  const gesture = target.closest("button[data-do]");
  if (gesture) {
    const what = gesture.dataset.do;
    busily(gesture, async () => (DO[what] ?? (() => act(what, { ...message(gesture), name: gesture.dataset.name })))(gesture));
    if (gesture.closest(".tools")) gesture.closest(".tools").open = false;
    return;
  }
  const pressed = target.closest(".press");
  if (pressed) {
    const el = pressed.closest(".el");
    if (pressed.dataset.href) window.open(pressed.dataset.href, "_blank", "noopener,noreferrer");
    if (pressed.closest("details")) pressed.closest("details").open = false;
    press(el, el.dataset.type === "overflow" ? { option: pressed.value } : {});
  }
  if (target.closest(".to-rooms")) { event.preventDefault(); document.body.classList.add("choosing"); }
  if (target.closest(".to-room")) { event.preventDefault(); document.body.classList.remove("choosing"); }
});

function steer(button) {
  const { control: what, ...body } = button.dataset;
  if (button.closest(".panel:not(.faults)")) button.closest(".panel").open = false;
  busily(button, () => control(what, body));
}

document.addEventListener("change", (event) => {
  const input = event.target, pick = input.closest(".pick");
  if (pick) { if (!input.classList.contains("filter")) picked(pick, input); return; }
  const el = input.closest(".el");
  if (el?.dataset.acts && !input.matches(TYPED)) press(el);
});

document.addEventListener("input", (event) => {
  if (event.target.classList.contains("filter")) filter(event.target.closest(".pick"), event.target.value);
  if (event.target.name === "text") { grow(event.target); suggest(event.target); }
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.classList.contains("modal")) submit(form);
  else if (form.classList.contains("composer")) send(form);
  else if (form.dataset.control) control(form.dataset.control, Object.fromEntries(new FormData(form)));
});

// The message box.

async function send(form) {
  const text = form.elements.text.value.trim();
  if (!text) return;
  await busily(form, async () => {
    const answer = await act("say", { text, thread: form.dataset.thread });
    if (answer.sent) { form.elements.text.value = ""; grow(form.elements.text); }
    one(".suggestions", form).hidden = true;
  });
}

function grow(area) {
  area.rows = Math.min(8, Math.max(1, area.value.split("\n").length));
}

async function suggest(area) {
  const box = one(".suggestions", area.form), text = area.value;
  const name = /(?:^|\s)@([\w.-]*)$/.exec(text);
  const query = text.startsWith("/") && !text.includes("\n") ? ["commands", text] : name ? ["users", name[1]] : null;
  if (!query) { box.hidden = true; return; }
  const answer = await fetch(`/as/${encodeURIComponent(me)}/choices?of=${query[0]}&q=${encodeURIComponent(query[1])}`);
  const lines = (await answer.json()).slice(0, 6);
  if (area.value !== text) return;
  box.hidden = !lines.length;
  box.replaceChildren(...lines.map((line) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "item" });
    const note = Object.assign(document.createElement("small"), { textContent: ` ${line.note}` });
    button.append(line.text, note);
    button.addEventListener("click", () => {
      area.value = query[0] === "commands" ? (text.includes(" ") ? text : `${line.value} `) : `${text.slice(0, text.length - name[1].length)}${line.handle} `;
      box.hidden = true;
      area.focus();
    });
    return button;
  }));
}

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === "Escape") {
    leaveMenus(document.body);
    if (all("dialog").length === 0 && one(".modal")) act("close", spot(one(".modal")));
  }
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  if (target.name === "text") { event.preventDefault(); target.form.requestSubmit(); }
  if (target.classList.contains("filter")) {
    event.preventDefault();
    one(".option:not([hidden]) input:not(:checked)", target.closest(".pick"))?.click();
  }
  const el = target.closest(".el");
  if (el?.dataset.acts && target.matches(TYPED) && target.tagName === "INPUT") { event.preventDefault(); press(el); }
});

// The clock runs on between two drawings.

let shownAt = "", since = 0;

function tick() {
  const time = one("#clock time");
  if (time.dataset.now !== shownAt) { shownAt = time.dataset.now; since = performance.now(); }
  const moment = new Date((Number(shownAt) + Number(time.dataset.offset)) * 1000 + performance.now() - since);
  const day = moment.toLocaleDateString("en-GB", { weekday: "short", day: "2-digit", month: "short", timeZone: "UTC" }).replace(",", "");
  time.textContent = `${day} ${moment.toISOString().slice(11, 19)}`;
}

remember(document);
for (const list of all(".messages")) list.scrollTop = list.scrollHeight;
if (location.hash.startsWith("#m-")) document.getElementById(location.hash.slice(1))?.scrollIntoView();
setInterval(tick, 500);
tick();
listen();
if (document.body.dataset.place === "home") act("home", {});
