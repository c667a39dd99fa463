// The list of choices above the field: canned replies, colleagues.

import { all, find, make } from "./dom.js";

let field = null;
let items = [];
let place = 0;

const box = () => find("#picker");

/** Offer these; `run` of the chosen one is called. */
export function show(found, input, nothing) {
  [field, items, place] = [input, found.slice(0, 50), 0];
  const list = box();
  list.hidden = false;
  list.replaceChildren(...items.map((item, number) => {
    const line = make("button", { type: "button", role: "option", id: `pick-${number}`, tabindex: "-1" },
      make("strong", {}, item.title), make("span", {}, item.text));
    line.addEventListener("mousedown", (event) => event.preventDefault());
    line.addEventListener("click", () => choose(number));
    return line;
  }));
  if (!items.length) list.append(make("p", { class: "dim" }, nothing));
  mark();
  input.focus();
}

export function close() {
  const list = box();
  if (list) list.hidden = true;
  field?.removeAttribute("aria-activedescendant");
  items = [];
}

/** Whether the key was for the list. */
export function pressed(event) {
  if (!items.length || !box() || box().hidden) return false;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    place = (place + (event.key === "ArrowDown" ? 1 : -1) + items.length) % items.length;
    mark();
  } else if (event.key === "Enter" || event.key === "Tab") choose(place);
  else if (event.key === "Escape") close();
  else return false;
  event.preventDefault();
  return true;
}

function mark() {
  for (const [number, line] of all("button", box()).entries()) {
    line.setAttribute("aria-selected", String(number === place));
    if (number === place) {
      line.scrollIntoView({ block: "nearest" });
      field.setAttribute("aria-activedescendant", line.id);
    }
  }
}

function choose(number) {
  const chosen = items[number];
  close();
  chosen?.run();
}
