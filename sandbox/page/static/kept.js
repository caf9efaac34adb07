// What a person has entered in a form and not sent, while the app puts another one in its place.
import { all, one } from "./server.js";

export const TYPED = "textarea, input[type=text], input[type=number], input[type=url], input[type=email]";
const address = (el) => `${el.closest("[data-view]")?.dataset.view}/${el.dataset.block}/${el.dataset.action}`;

export function typedIn(region) {
  const kept = new Map();
  for (const el of all(".el", region)) {
    const input = one(TYPED, el);
    if (input && input.value !== input.defaultValue) kept.set(address(el), input.value);
  }
  return kept;
}

export function typeAgain(region, kept) {
  for (const el of all(".el", region)) {
    const input = one(TYPED, el);
    if (input && kept.has(address(el))) input.value = kept.get(address(el));
  }
}
