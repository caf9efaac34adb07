// When the app updates a form, values that a person has entered and not sent are kept for inputs whose block_id, action_id
// and type are unchanged: https://docs.slack.dev/reference/methods/views.update
import { all, one } from "./server.js";
import { BOXES } from "./blocks.js";
import { chose } from "./menus.js";

const address = (el) => `${el.closest("[data-view]")?.dataset.view}/${el.dataset.block}/${el.dataset.action}/${el.dataset.type}`;
const input = (el) => one("input, textarea", el);
const choosing = (el) => all(BOXES, el).length > 0 || one(".pick", el) !== null;
// An option is recognised by the app's value, because its index may change; people and channels by their ids.
const identity = (box) => box.dataset.appValue ?? box.value;

export function touched(el) {
  el.dataset.touched = "1";
}

export function keep(region) {
  const held = (el) => choosing(el) ? all(BOXES, el).filter((box) => box.checked) : input(el).value;
  const kept = new Map(all(".el[data-touched]", region).map((el) => [address(el), held(el)]));
  const focused = document.activeElement?.closest(".el"), menu = one(".pick[open]", region);
  return { kept, focused: focused && region.contains(focused) ? address(focused) : null, menu: menu && address(menu.closest(".el")), changed: menu?.dataset.changed };
}

// Returns whether the focused input was found again.
export function restore(region, { kept, focused, menu, changed }) {
  let held = false;
  for (const el of all(".el", region)) {
    const here = address(el), entered = kept.get(here);
    if (entered !== undefined) {
      if (choosing(el)) choose(el, entered); else input(el).value = entered;
      touched(el);
    }
    if (here === focused) { held = true; one("summary, input, textarea, button", el)?.focus(); }
    if (here === menu) { const pick = one(".pick", el); pick.open = true; if (changed) pick.dataset.changed = changed; }
  }
  return held;
}

function choose(el, chosen) {
  const pick = one(".pick", el);
  const offered = new Set(all(BOXES, el).map(identity));
  // A person found by searching may be missing in the new menu, which lists only the first options.
  if (pick && pick.dataset.source !== "static") {
    one(".options", pick).prepend(...chosen.filter((box) => !offered.has(identity(box))).map((box) => box.closest(".option")));
  }
  const wanted = new Set(chosen.map(identity)), there = all(BOXES, el);
  if (chosen.length && !there.some((box) => wanted.has(identity(box)))) return;
  for (const box of there) box.checked = wanted.has(identity(box));
  if (pick) chose(pick);
}
