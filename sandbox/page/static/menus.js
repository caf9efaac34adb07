// Menus: searching, choosing, and their position.
import { act, all, me, one, toast } from "./server.js";
import { press } from "./blocks.js";

export function chose(pick) {
  const boxes = all(".options input:checked", pick);
  const shown = one(".chosen", pick);
  shown.textContent = boxes.map((box) => one(".shown", box.parentElement).textContent).join(", ") || shown.dataset.placeholder;
  shown.classList.toggle("empty", !boxes.length);
}

let searching = 0;

export function filter(pick, words) {
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

export function picked(pick, input) {
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
