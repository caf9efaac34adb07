// The server renders everything; these scripts send gestures and replace what has changed.
import { act, all, one } from "./server.js";
import { listen, remember } from "./live.js";
import "./gestures.js";

// The clock runs on between two updates.

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
