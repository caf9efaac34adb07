// Live updates: fetch the page again and replace only what has changed.
import { all, me, one } from "./server.js";
import { keep, restore } from "./unsent_input.js";

const drawn = new Map();
let fetching = false, again = false;

export function remember(root) {
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
  } catch { /* refresh() runs again when the event stream reconnects */ } finally {
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
    const entered = next.id === "modal" ? keep(region) : null;
    region.replaceChildren(...next.childNodes);
    if (next.dataset.key !== undefined) region.dataset.key = next.dataset.key;
    if (!entered) continue;
    if (!restore(region, entered)) one("[autofocus], .modal textarea, .modal input[type=text]", region)?.focus();
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

export function listen() {
  const stream = new EventSource(`/as/${encodeURIComponent(me)}/live`);
  stream.addEventListener("change", refresh);
  stream.addEventListener("open", () => { document.body.classList.remove("lost"); refresh(); });
  stream.addEventListener("error", () => document.body.classList.add("lost"));
}
