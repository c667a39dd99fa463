// The keyboard: one letter for each thing that an agent does all day.

import { all, find } from "./dom.js";

const isField = (element) => element?.matches?.("input, textarea, select, [contenteditable]");

/** `acts`: key -> function. Letters count outside of fields only. */
export function start(acts, leave) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") {
      const open = all("details.menu[open]").at(-1);
      if (open) {
        open.open = false;
        find("summary", open).focus();
      } else if (isField(document.activeElement)) document.activeElement.blur();
      else leave();
      return;
    }
    if (isField(event.target) || event.metaKey || event.ctrlKey || event.altKey) return;
    if (find("dialog[open]")) return;
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
