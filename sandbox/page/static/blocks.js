// Block Kit: the values of a message's or form's inputs, pressing its buttons, submitting it.
import { act, all, busily, one } from "./server.js";

export const BOXES = "input[type=radio], input[type=checkbox]";

function values(el) {
  const boxes = all(BOXES, el);
  if (boxes.length || one(".pick", el)) return boxes.filter((box) => box.checked).map((box) => box.value);
  const input = one("input, textarea", el);
  return input ? [input.value] : [];
}

const entered = (surface) => all(".el", surface)
  .filter((el) => !["button", "overflow"].includes(el.dataset.type))
  .map((el) => ({ block: el.dataset.block, action: el.dataset.action, values: values(el) }));

export const surfaceIds = (surface) => surface.dataset.view ? { view: surface.dataset.view } : { ts: surface.dataset.ts, channel: surface.dataset.channel };

export async function press(el, more = {}) {
  if (!(await confirmed(el))) return;
  const surface = el.closest("[data-surface]");
  await busily(el, async () => {
    const answer = await act("press", { ...surfaceIds(surface), block: el.dataset.block, action: el.dataset.action, entered: entered(surface), ...more });
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
  return openDialog((dialog) => dialog.append(asked.content.cloneNode(true))).then((answer) => answer === "yes");
}

export function openDialog(fill) {
  const dialog = document.createElement("dialog");
  fill(dialog);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => { if (event.target.value) dialog.close(event.target.value); });
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener("close", () => { dialog.remove(); done(dialog.returnValue); }));
}

export async function submit(form) {
  await busily(form, async () => {
    const buttons = all("footer button", form);
    buttons.forEach((button) => { button.disabled = true; });
    const answer = await act("submit", { ...surfaceIds(form), entered: entered(form) });
    buttons.forEach((button) => { button.disabled = false; });
    wrong(form, answer.errors);
    one(".wrong.whole", form).textContent = answer.error ?? "";
  });
}
