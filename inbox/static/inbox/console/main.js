// The agent console: puts the parts together. No part knows the page's address but this.

import * as composer from "./composer.js";
import { find, on, page, tick } from "./dom.js";
import * as keys from "./keys.js";
import * as list from "./list.js";
import * as live from "./live.js";
import * as outbox from "./outbox.js";
import * as thread from "./thread.js";

function go(id, { replace = false } = {}) {
  const query = new URLSearchParams(location.search);
  if (id) query.set("conversation", id);
  else query.delete("conversation");
  history[replace ? "replaceState" : "pushState"]({}, "", `?${query}`);
  return show(id);
}

async function show(id) {
  list.opened(id || "");
  if (!id) return thread.close();
  const isThere = await thread.open(id);
  if (isThere && matchMedia("(max-width: 760px)").matches) find("h2", find("#thread"))?.scrollIntoView();
}

const current = () => new URLSearchParams(location.search).get("conversation");
window.addEventListener("popstate", () => show(current()));

list.start((id) => go(id));
thread.start({ showList: () => go(""), openOther: (id) => go(id) });
composer.start();
outbox.start({
  sent: (conversation, ids) => conversation === thread.currentId() ? composer.sent(ids) : undefined,
  edit: async (conversation, body) => {
    if (conversation !== thread.currentId()) await go(conversation);
    composer.restore(body);
  },
  closed: (conversation) => conversation === thread.currentId() && composer.windowAgain(),
  open: (conversation) => go(conversation),
});

live.start(
  (kind, ids) => {
    if (kind === "conversation.updated") {
      list.refresh(ids);
      if (ids.includes(thread.currentId())) thread.headChanged();
    } else {
      thread.heard(ids);
    }
  },
  () => {
    list.reload({ quietly: true });
    thread.catchUp();
  },
);

const help = find("#help");
on(document.body, "click", "[data-do=theme]", () => window.switchTheme());
on(document.body, "click", "[data-do=help]", () => help.showModal());
keys.start({
  j: () => list.move(1),
  k: () => list.move(-1),
  ArrowDown: () => list.move(1),
  ArrowUp: () => list.move(-1),
  Enter: () => {
    if (document.activeElement?.matches("a, button, summary")) document.activeElement.click();
    else if (list.chosenId()) go(list.chosenId());
  },
  "/": () => list.focusSearch(),
  r: () => composer.mode("reply", true),
  n: () => composer.mode("note", true),
  a: () => thread.menu("assign"),
  l: () => thread.menu("labels"),
  s: () => thread.menu("snooze"),
  m: () => thread.assignToMe(),
  e: () => thread.flipStatus(),
  i: () => document.body.classList.toggle("has-about"),
  1: () => list.show("mine"),
  2: () => list.show("unassigned"),
  3: () => list.show("all"),
  "?": () => help.showModal(),
}, () => thread.currentId() && matchMedia("(max-width: 760px)").matches && go(""));

setInterval(() => {
  tick();
  composer.tickWindow();
}, 20_000);
if (current()) show(current());
document.body.dataset.ready = page.workspace;
