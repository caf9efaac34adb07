// Clicks, keys and input events.
import { act, actThere, all, busily, control, one } from "./server.js";
import { openDialog, press, submit, surfaceIds } from "./blocks.js";
import { filter, picked } from "./menus.js";
import { grow, send, suggest } from "./composer.js";
import { touched } from "./unsent_input.js";

const TYPED = "textarea, input[type=text], input[type=number], input[type=url], input[type=email]";

const message = (thing) => { const row = thing.closest("[data-ts]"); return row ? { ts: row.dataset.ts, channel: row.dataset.channel } : {}; };

async function rewrite(button) {
  let area;
  const answer = await openDialog((dialog) => {
    area = document.createElement("textarea");
    area.value = button.dataset.text;
    const save = Object.assign(document.createElement("button"), { className: "btn primary", value: "yes", textContent: "Save changes" });
    dialog.append(area, save);
  });
  if (answer === "yes") act("edit", { ...message(button), text: area.value });
}

const DO = {
  edit: rewrite,
  close: (button) => act("close", surfaceIds(button.closest("[data-view]"))),
};

function leaveMenus(target) {
  for (const box of all("details[open]")) if (!box.classList.contains("document") && !box.contains(target)) box.open = false;
}

document.addEventListener("click", (event) => {
  const target = event.target;
  leaveMenus(target);
  const controlButton = target.closest("button[data-control]");
  if (controlButton) { sendControl(controlButton); return; }
  const there = target.closest("button[data-act]");
  if (there) { busily(there, () => actThere(there.dataset.system, { do: there.dataset.act, id: there.dataset.id ?? "" })); return; }
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

function sendControl(button) {
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
  const el = event.target.closest(".el");
  if (event.target.classList.contains("filter")) filter(event.target.closest(".pick"), event.target.value);
  else if (el) touched(el);
  if (event.target.name === "text") { grow(event.target); suggest(event.target); }
});

document.addEventListener("submit", (event) => {
  event.preventDefault();
  const form = event.target;
  if (form.classList.contains("modal")) submit(form);
  else if (form.classList.contains("composer")) send(form);
  else if (form.dataset.control) control(form.dataset.control, Object.fromEntries(new FormData(form)));
});

document.addEventListener("keydown", (event) => {
  const target = event.target;
  if (event.key === "Escape") {
    leaveMenus(document.body);
    if (all("dialog").length === 0 && one(".modal")) act("close", surfaceIds(one(".modal")));
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
