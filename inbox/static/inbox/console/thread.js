// One conversation: its messages, what is around them, and what can be done with it.

import { Refused, api, fragment, newKey } from "./api.js";
import * as composer from "./composer.js";
import { all, drawn, find, on, page, say, settled, tick, toast } from "./dom.js";
import * as outbox from "./outbox.js";

const pane = find("#thread");
let openId = "";
let turn = 0;

export const currentId = () => openId;

/** Show a conversation. */
export async function open(id) {
  const mine = ++turn;
  composer.leave();
  openId = id;
  pane.setAttribute("aria-busy", "true");
  document.body.classList.add("has-thread");
  try {
    const html = await fragment(id);
    if (mine !== turn) return false;
    pane.replaceChildren(...drawn(html));
  } catch (refused) {
    if (mine !== turn) return false;
    pane.replaceChildren(...drawn(`<div class="nothing" role="alert"><p></p></div>`));
    find("p", pane).textContent = refused.message;
    return false;
  } finally {
    if (mine === turn) pane.removeAttribute("aria-busy");
  }
  tick(pane);
  outbox.show(id, said());
  toEnd();
  for (const picture of all("img", said())) picture.addEventListener("load", () => wasAtEnd && toEnd());
  scroller().addEventListener("scroll", settled(60, noticeEnd), { passive: true });
  // the composer grows and shrinks: who was at the end stays there
  new ResizeObserver(() => wasAtEnd && toEnd()).observe(scroller());
  composer.enter(id, { sent });
  read();
  say(`${find("h2", pane).textContent}, ${all(".msg", pane).length} messages`);
  return true;
}

/** Back to the list, on a small screen. */
export function close() {
  turn += 1;
  composer.leave();
  openId = "";
  document.body.classList.remove("has-thread");
  pane.replaceChildren(...drawn(`<div class="nothing"><p class="dim">Choose a conversation</p></div>`));
}

const scroller = () => find("#scroll");
const said = () => find("#said");
let wasAtEnd = true;

function noticeEnd() {
  const box = scroller();
  if (!box) return;
  wasAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 80;
  if (wasAtEnd) {
    find("#newest").hidden = true;
    read();
  }
}

export function toEnd() {
  const box = scroller();
  if (!box) return;
  box.scrollTop = box.scrollHeight;
  wasAtEnd = true;
  find("#newest").hidden = true;
}

/** Somebody sees it: nothing is unread, and the person is told so. */
const read = settled(400, async () => {
  const head = find(".talk-head", pane);
  if (!page.mayWork || !openId || document.hidden || !head || head.dataset.unread === "0") return;
  head.dataset.unread = "0";
  try {
    await api("POST", `conversations/${openId}/read`);
  } catch {
    head.dataset.unread = "1"; // it is tried again with the next look
  }
});

/** Draw these messages as they are now, where they belong. */
function put(elements) {
  const stay = wasAtEnd;
  let news = 0;
  for (const fresh of elements) {
    const there = document.getElementById(fresh.id);
    if (there) {
      if (there.outerHTML !== fresh.outerHTML) there.replaceWith(fresh);
    } else {
      outbox.arrived(fresh.dataset.id);
      insert(fresh);
      if (fresh.classList.contains("is-in")) news += 1;
    }
  }
  if (stay) toEnd();
  else if (news) find("#newest").hidden = false;
  if (news) {
    say(`${news} new`);
    const head = find(".talk-head", pane);
    if (head) head.dataset.unread = String(news);
    read();
  }
}

function insert(fresh) {
  find(".none", said())?.remove();
  const later = all(".msg:not(.is-waiting)", said()).find((other) => other.dataset.at > fresh.dataset.at);
  const waiting = find(".msg.is-waiting", said());
  const place = later || waiting;
  const dayAbove = [...(place ? before(place) : [...said().children].reverse())].find((one) => one.dataset?.day);
  if (place) place.before(fresh);
  else said().append(fresh);
  if (dayAbove?.dataset.day !== fresh.dataset.day) {
    const line = drawn(`<li class="day"><span></span></li>`)[0];
    line.dataset.day = fresh.dataset.day;
    line.firstElementChild.textContent = fresh.dataset.dayName;
    fresh.before(line);
  }
}

function* before(element) {
  for (let one = element.previousElementSibling; one; one = one.previousElementSibling) yield one;
}

/** A message that was just sent from here, as the server keeps it. */
async function sent(ids) {
  await fetchMessages(`ids=${ids.join(",")}`);
  toEnd();
}

async function fetchMessages(query) {
  const id = openId;
  const html = await fragment(`${id}/messages?${query}`);
  if (id === openId && said()) put(drawn(html));
}

const changedIds = new Set();

/** News of messages; those of other conversations draw nothing here. */
export function heard(ids) {
  if (!openId) return;
  ids.forEach((id) => changedIds.add(id));
  drawChanged();
}

const drawChanged = settled(60, async () => {
  const ids = [...changedIds];
  changedIds.clear();
  try {
    while (ids.length) await fetchMessages(`ids=${ids.splice(0, 50).join(",")}`);
  } catch {
    // the poll brings them
  }
});

/** News may have been lost: look at what is new, and at ticks that were not final. */
export async function catchUp() {
  if (!openId || !said()) return;
  const last = all(".msg[data-at]", said()).at(-1)?.dataset.at;
  try {
    await fetchMessages(`after=${encodeURIComponent(last || "1970-01-01T00:00:00Z")}`);
    const open = all(".msg.is-out[data-id]", said()).slice(-50)
      .filter((one) => !["read", "played", "failed"].includes(one.dataset.status));
    if (open.length) await fetchMessages(`ids=${open.map((one) => one.dataset.id).join(",")}`);
    await headAgain();
  } catch {
    // there will be another time
  }
}

/** The head changed: somebody assigned, resolved or labelled it. */
export const headChanged = settled(120, () => headAgain().catch(() => {}));

async function headAgain() {
  const id = openId;
  if (!id) return;
  const html = await fragment(`${id}/head`);
  if (id !== openId) return;
  if (find("details.menu[open]", pane)) {
    setTimeout(headChanged, 1000); // not under somebody's hands
    return;
  }
  for (const fresh of drawn(html)) find(`#${fresh.dataset.into}`, pane)?.replaceChildren(...fresh.children);
  tick(pane);
  composer.windowAgain();
}

/** Change the conversation through the API, and show it. */
export async function change(body, words) {
  const id = openId;
  if (!id || !page.mayWork) return;
  all("details.menu[open]", pane).forEach((menu) => menu.removeAttribute("open"));
  try {
    await api("PATCH", `conversations/${id}`, body);
    if (words) toast(words);
    await headAgain();
  } catch (refused) {
    toast(refused.message, { bad: true });
  }
}

export const assignToMe = () => change({ assignee: page.me }, "It is yours.");

export function flipStatus() {
  const status = find(".talk-head", pane)?.dataset.status;
  if (!status) return;
  if (status === "open") change({ status: "resolved" }, "Resolved.");
  else change({ status: "open" }, "Open again.");
}

export function menu(name) {
  const found = find(`details[data-menu=${name}]`, pane);
  if (!found) return;
  found.open = !found.open;
  if (found.open) find(".menu-panel button, .menu-panel input", found)?.focus();
}

async function older(line) {
  line.setAttribute("aria-busy", "true");
  const box = scroller();
  const fromEnd = box.scrollHeight - box.scrollTop;
  try {
    const html = await fragment(`${openId}/messages?before=${encodeURIComponent(line.dataset.before)}`);
    const fresh = drawn(html);
    const lastDay = fresh.filter((one) => one.dataset.day && one.matches(".day")).at(-1)?.dataset.day;
    const next = line.nextElementSibling;
    if (next?.matches(".day") && next.dataset.day === lastDay) next.remove();
    line.replaceWith(...fresh);
    box.scrollTop = box.scrollHeight - fromEnd;
  } catch (refused) {
    line.removeAttribute("aria-busy");
    toast(refused.message, { bad: true });
  }
}

async function decide(button, path, words) {
  const message = button.closest(".msg");
  button.disabled = true;
  // one key for this button: pressed twice, or repeated by the network, it acts once
  button.dataset.key ||= newKey();
  try {
    await api("POST", `messages/${message.dataset.id}/${path}`, undefined, { key: button.dataset.key });
    toast(words);
    await fetchMessages(`ids=${message.dataset.id}`);
  } catch (refused) {
    button.disabled = false;
    if (!(refused instanceof Refused && refused.again)) delete button.dataset.key;
    toast(refused.message, { bad: true });
  }
}

const EMOJI = ["👍", "❤️", "😂", "🙏", "😮", "🎉"];

function offerReactions(button) {
  const message = button.closest(".msg");
  const old = find(".emoji", message);
  all(".emoji").forEach((other) => other.remove());
  if (old) return;
  const bar = document.createElement("div");
  bar.className = "emoji";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "React with");
  for (const emoji of [...EMOJI, ""]) {
    const choice = document.createElement("button");
    choice.type = "button";
    choice.textContent = emoji || "✕";
    if (!emoji) choice.setAttribute("aria-label", "Take the reaction off");
    choice.addEventListener("click", async () => {
      bar.remove();
      try {
        await api("POST", `messages/${message.dataset.id}/react`, { emoji });
        await fetchMessages(`ids=${message.dataset.id}`);
      } catch (refused) {
        toast(refused.message, { bad: true });
      }
    });
    bar.append(choice);
  }
  find(".msg-tools", message).after(bar);
  bar.firstElementChild.focus();
}

async function newLabel(form) {
  const name = form.elements.name.value.trim();
  if (!name) return;
  try {
    const label = await api("POST", "labels", { name });
    const head = find(".talk-head", pane);
    await change({ labels: [...head.dataset.labels.split(" ").filter(Boolean), label.id] });
  } catch (refused) {
    toast(refused.message, { bad: true });
  }
}

/** Wire what is inside the thread, for every conversation that will be shown. */
export function start({ showList, openOther }) {
  on(pane, "click", "[data-assign]", (_, b) => change({ assignee: b.dataset.assign || null }));
  on(pane, "click", "[data-status]:is(button)", (_, b) => change({ status: b.dataset.status }));
  on(pane, "click", "[data-snooze]", (_, b) => change({ status: "snoozed", snoozed_until: b.dataset.snooze }, "Snoozed."));
  on(pane, "click", "[data-label]", (_, b) => {
    const had = find(".talk-head", pane).dataset.labels.split(" ").filter(Boolean);
    const id = b.dataset.label;
    change({ labels: had.includes(id) ? had.filter((other) => other !== id) : [...had, id] });
  });
  on(pane, "submit", "[data-new-label]", (event, form) => {
    event.preventDefault();
    newLabel(form);
  });
  on(pane, "click", ".older button", (_, b) => older(b.closest(".older")));
  on(pane, "click", "#newest", toEnd);
  on(pane, "click", "[data-do=back]", showList);
  on(pane, "click", "[data-do=about]", () => document.body.classList.toggle("has-about"));
  on(pane, "click", "[data-do=quote]", (_, b) => composer.quote(b.closest(".msg")));
  on(pane, "click", "[data-do=react]", (_, b) => offerReactions(b));
  on(pane, "click", "[data-do=resend]", (_, b) => decide(b, "resend", "It is sent again."));
  on(pane, "click", "[data-do=mark-sent]", (_, b) => decide(b, "mark-sent", "Marked as sent."));
  on(pane, "click", "[data-open]", (event, link) => {
    event.preventDefault();
    openOther(link.dataset.open);
  });
  on(pane, "click", "a.quote", (event, link) => {
    const target = document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView({ block: "center" });
    target.classList.add("is-found");
    setTimeout(() => target.classList.remove("is-found"), 1600);
  });
  document.addEventListener("click", (event) => {
    for (const open of all("details.menu[open]")) if (!open.contains(event.target)) open.open = false;
  });
  document.addEventListener("visibilitychange", () => !document.hidden && wasAtEnd && read());
}
