// The message box: sending, and suggestions for commands and names.
import { act, busily, me, one } from "./server.js";

export async function send(form) {
  const text = form.elements.text.value.trim();
  if (!text) return;
  await busily(form, async () => {
    const answer = await act("say", { text, thread: form.dataset.thread });
    if (answer.sent) { form.elements.text.value = ""; grow(form.elements.text); }
    one(".suggestions", form).hidden = true;
  });
}

export function grow(area) {
  area.rows = Math.min(8, Math.max(1, area.value.split("\n").length));
}

export async function suggest(area) {
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
