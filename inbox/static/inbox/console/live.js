// News as they happen: server-sent events, and a slow poll while there are none.

import { find, page } from "./dom.js";

const POLL = 6000;
const AGAIN = 15000;

/** `hear(kind, ids)` for each piece of news; `missed()` when some may have been lost. */
export function start(hear, missed) {
  let source;
  let poll;
  let again;

  function state(name, words) {
    const mark = find("#live");
    mark.dataset.state = name;
    mark.lastElementChild.textContent = words;
  }

  function off() {
    state("off", "Looking every few seconds");
    poll ??= setInterval(missed, POLL);
  }

  function open() {
    clearTimeout(again);
    // the browser sends Last-Event-ID itself when it connects again
    source = new EventSource(page.events, { withCredentials: true });
    source.onopen = () => {
      state("on", "Live");
      clearInterval(poll);
      poll = undefined;
    };
    source.onerror = () => {
      off();
      if (source.readyState === EventSource.CLOSED) again = setTimeout(open, AGAIN);
    };
    for (const kind of ["message.created", "message.updated", "conversation.updated"]) {
      source.addEventListener(kind, (event) => hear(kind, JSON.parse(event.data).ids));
    }
    source.addEventListener("ready", (event) => {
      if (!JSON.parse(event.data).resumed) missed();
    });
  }

  open();
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && source.readyState === EventSource.CLOSED) open();
  });
}
