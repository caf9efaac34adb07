// The current person, element lookup, and requests to the server.

export const me = document.body.dataset.me;
export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

async function post(path, body) {
  try {
    const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
    return await answer.json();
  } catch {
    return { error: "The sandbox does not answer. Is it still running?" };
  }
}

export async function act(gesture, body) {
  const answer = await post(`/as/${encodeURIComponent(me)}/do/${gesture}`, { channel: document.body.dataset.channel, ...body });
  if (answer.error) toast(answer.error);
  if (answer.goto) location.href = answer.goto;
  return answer;
}

export async function actThere(system, body) {
  const answer = await post(`/as/${encodeURIComponent(me)}/systems/${system}`, body);
  if (answer.error) toast(answer.error);
}

export async function control(what, body) {
  const answer = await post(`/control/${what}`, body);
  if (answer.error) toast(answer.error);
}

export function toast(text) {
  const line = document.createElement("div");
  line.className = "toast";
  line.textContent = text;
  one("#toasts").append(line);
  setTimeout(() => line.remove(), 8000);
}

export async function busily(thing, work) {
  if (thing.classList.contains("busy")) return;
  thing.classList.add("busy");
  thing.setAttribute("aria-busy", "true");
  try { await work(); } finally { thing.classList.remove("busy"); thing.removeAttribute("aria-busy"); }
}
