// Replies on their way to the server: shown at once, kept over a reload, repeated with
// the same Idempotency-Key until the server has answered, and never dropped in silence.

import { Refused, api, newKey } from "./api.js";
import { all, find, icon, make, page, timeOf, toast } from "./dom.js";

const SHELF = `console:outbox:${page.me}:${page.workspace}`;
const PAUSES = [500, 1500, 4000, 10000, 20000];
const sending = new Set();
let listeners = {};

function shelf() {
  try {
    return JSON.parse(localStorage.getItem(SHELF)) || [];
  } catch {
    return [];
  }
}

function keep(items) {
  try {
    localStorage.setItem(SHELF, JSON.stringify(items));
  } catch {
    toast("This browser keeps nothing: do not close the page before it is sent.", { bad: true });
  }
}

const drop = (key) => keep(shelf().filter((item) => item.key !== key));
const mark = (key, problem) =>
  keep(shelf().map((item) => (item.key === key ? { ...item, problem } : item)));

/** Send a reply; it is on the screen before this returns. */
export function post(conversation, body, words) {
  const item = { key: newKey(), conversation, body, words, at: Date.now(), problem: "" };
  keep([...shelf(), item]);
  draw(item);
  deliver(item);
}

/** Draw what waits in this conversation. */
export function show(conversation, list) {
  if (!list) return;
  for (const item of shelf()) if (item.conversation === conversation) draw(item);
}

/** The server has this message now: what stood for it goes. */
export function arrived(id) {
  for (const bubble of all(".msg.is-waiting")) {
    if ((bubble.dataset.ids || "").split(" ").includes(id)) bubble.remove();
  }
}

async function deliver(item, tries = 0) {
  if (sending.has(item.key)) return;
  sending.add(item.key);
  let told;
  try {
    told = await api("POST", `conversations/${item.conversation}/messages`, item.body, { key: item.key });
  } catch (refused) {
    sending.delete(item.key);
    failed(item, refused, tries);
    return;
  }
  sending.delete(item.key);
  drop(item.key);
  const ids = told.parts?.length ? told.parts : [told.id];
  const bubble = bubbleOf(item.key);
  if (bubble) bubble.dataset.ids = ids.join(" ");
  try {
    await listeners.sent?.(item.conversation, ids);
  } finally {
    bubbleOf(item.key)?.remove();
  }
}

function failed(item, refused, tries) {
  const isOurs = refused instanceof Refused;
  if (isOurs && refused.again) {
    note(item, `${refused.message} Trying again…`);
    setTimeout(() => deliver(item, tries + 1), PAUSES[Math.min(tries, PAUSES.length - 1)]);
    return;
  }
  mark(item.key, refused.message);
  note(item, refused.message, true);
  if (refused.code === "window_closed") listeners.closed?.(item.conversation);
}

const bubbleOf = (key) => find(`.msg[data-key="${CSS.escape(key)}"]`);

function draw(item) {
  const list = find("#said");
  if (!list || find(".talk")?.dataset.id !== item.conversation || bubbleOf(item.key)) return;
  const kind = item.body.kind === "note" ? "is-note" : "is-out";
  const bubble = make("li", { class: `msg ${kind} is-waiting`, "data-key": item.key },
    make("div", { class: "bubble" },
      make("div", { class: "text", dir: "auto" }, item.words),
      make("div", { class: "meta" }, make("time", {}, timeOf(item.at)),
        make("span", { class: "ticks", role: "img", "aria-label": "on its way" }, icon("schedule")))));
  list.append(bubble);
  if (item.problem) note(item, item.problem, true);
}

/** Say under the bubble what keeps it; a refusal waits for a decision. */
function note(item, words, isFinal = false) {
  const bubble = bubbleOf(item.key);
  if (!bubble) {
    if (isFinal) toast(`A reply was not sent: ${words}`, { bad: true, action: { words: "Show", run: () => listeners.open?.(item.conversation) } });
    return;
  }
  find(".problem", bubble)?.remove();
  find(".decide", bubble)?.remove();
  bubble.append(make("p", { class: isFinal ? "problem" : "problem is-soft", role: "alert" }, icon(isFinal ? "error" : "cloud_off"), words));
  if (!isFinal) return;
  const again = make("button", { type: "button", class: "button" }, "Try again");
  const edit = make("button", { type: "button", class: "button" }, "Edit");
  const away = make("button", { type: "button", class: "button" }, "Discard");
  again.addEventListener("click", () => {
    remove(item, bubble);
    post(item.conversation, item.body, item.words);
  });
  edit.addEventListener("click", () => {
    remove(item, bubble);
    listeners.edit?.(item.conversation, item.body);
  });
  away.addEventListener("click", () => remove(item, bubble));
  bubble.append(make("div", { class: "decide" }, again, edit, away));
}

function remove(item, bubble) {
  drop(item.key);
  bubble.remove();
}

/** `sent(conversation, ids)`, `edit(conversation, body)`, `closed`, `open`. Goes on
 * with what an earlier page left. */
export function start(wanted) {
  listeners = wanted;
  for (const item of shelf()) if (!item.problem) deliver(item);
  window.addEventListener("online", () => shelf().forEach((item) => !item.problem && deliver(item)));
}
