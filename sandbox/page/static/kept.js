// What a person has entered in a form and not sent stays when the app changes the form by itself, as long as the input's
// block_id, action_id and type do: https://docs.slack.dev/reference/methods/views.update
import { all, one } from "./server.js";
import { BOXES } from "./blocks.js";
import { chose } from "./menus.js";

const address = (el) => `${el.closest("[data-view]")?.dataset.view}/${el.dataset.block}/${el.dataset.action}/${el.dataset.type}`;
const input = (el) => one("input, textarea", el);
const choosing = (el) => all(BOXES, el).length > 0 || one(".pick", el) !== null;
// The number of an option may change, what the app calls it does not; people and channels go by their ids.
const meaning = (box) => box.dataset.means ?? box.value;

export function touched(el) {
  el.dataset.touched = "1";
}

export function keep(region) {
  const held = (el) => choosing(el) ? all(BOXES, el).filter((box) => box.checked) : input(el).value;
  const kept = new Map(all(".el[data-touched]", region).map((el) => [address(el), held(el)]));
  const hand = document.activeElement?.closest(".el"), menu = one(".pick[open]", region);
  return { kept, hand: hand && region.contains(hand) ? address(hand) : null, menu: menu && address(menu.closest(".el")), changed: menu?.dataset.changed };
}

// Returns whether the hand is where it was.
export function restore(region, { kept, hand, menu, changed }) {
  let held = false;
  for (const el of all(".el", region)) {
    const here = address(el), entered = kept.get(here);
    if (entered !== undefined) {
      if (choosing(el)) choose(el, entered); else input(el).value = entered;
      touched(el);
    }
    if (here === hand) { held = true; one("summary, input, textarea, button", el)?.focus(); }
    if (here === menu) { const pick = one(".pick", el); pick.open = true; if (changed) pick.dataset.changed = changed; }
  }
  return held;
}

function choose(el, chosen) {
  const pick = one(".pick", el);
  const offered = new Set(all(BOXES, el).map(meaning));
  // Whoever was found by searching is not in the fresh menu, which lists only the first.
  if (pick && pick.dataset.source !== "static") {
    one(".options", pick).prepend(...chosen.filter((box) => !offered.has(meaning(box))).map((box) => box.closest(".option")));
  }
  const wanted = new Set(chosen.map(meaning)), there = all(BOXES, el);
  if (chosen.length && !there.some((box) => wanted.has(meaning(box)))) return;
  for (const box of there) box.checked = wanted.has(meaning(box));
  if (pick) chose(pick);
}
