// Small things that every part of the page needs: finding, listening, saying, time.

export const find = (selector, from = document) => from.querySelector(selector);
export const all = (selector, from = document) => [...from.querySelectorAll(selector)];
export const page = document.body.dataset;

/** Listen on `root` for events of what matches the selector, now or later. */
export function on(root, kind, selector, listener) {
  root.addEventListener(kind, (event) => {
    const target = event.target.closest?.(selector);
    if (target && root.contains(target)) listener(event, target);
  });
}

/** An element with text or children; text is never markup. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

export const icon = (name) => make("span", { class: "icon", "aria-hidden": "true" }, name);

/** The elements of a fragment that the server drew. */
export function drawn(html) {
  const holder = document.createElement("template");
  holder.innerHTML = html;
  return [...holder.content.children];
}

/** Tell a person who listens to the page. */
export function say(words) {
  find("#say").textContent = words;
}

/** Show a line for some seconds; errors stay longer. */
export function toast(words, { bad = false, action = null } = {}) {
  const line = make("div", { class: bad ? "toast is-bad" : "toast" }, words);
  if (action) {
    const button = make("button", { type: "button", class: "link" }, action.words);
    button.addEventListener("click", () => {
      line.remove();
      action.run();
    });
    line.append(button);
  }
  find("#toasts").append(line);
  setTimeout(() => line.remove(), bad ? 9000 : 4500);
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit", minute: "2-digit", timeZone: page.timezone,
});
const day = new Intl.DateTimeFormat(undefined, {
  day: "numeric", month: "short", timeZone: page.timezone,
});
const weekday = new Intl.DateTimeFormat(undefined, {
  weekday: "short", hour: "2-digit", minute: "2-digit", timeZone: page.timezone,
});

/** How long ago, as a list shows it. */
export function ago(moment) {
  const seconds = (Date.now() - moment) / 1000;
  if (seconds < 60) return "now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 20 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return day.format(moment);
}

/** How long until then: "3 h 20 min". */
export function until(moment) {
  const minutes = Math.max(0, Math.floor((moment - Date.now()) / 60000));
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

export const timeOf = (moment) => clock.format(moment);
export const weekdayOf = (moment) => weekday.format(moment);

/** Write the times that change while one looks. */
export function tick(root = document) {
  for (const element of all("time[data-ago]", root)) {
    element.textContent = ago(new Date(element.dateTime));
  }
  for (const element of all("time[data-until]", root)) {
    element.textContent = weekdayOf(new Date(element.dateTime));
  }
  for (const element of all("[data-window]", root)) showWindow(element);
}

const CLOSING = 4 * 3600 * 1000;

function showWindow(element) {
  const left = new Date(element.dataset.window) - Date.now();
  const isOpen = element.dataset.open && left > 0;
  element.hidden = !element.dataset.window || (isOpen && left > CLOSING);
  if (element.hidden) return;
  element.classList.toggle("is-closing", isOpen);
  element.textContent = isOpen ? until(new Date(element.dataset.window)) : "closed";
  element.title = isOpen ? "The reply window closes in this time" : "The reply window has closed";
}

/** Wait until calls stop coming. */
export function settled(milliseconds, action) {
  let timer;
  return (...words) => {
    clearTimeout(timer);
    timer = setTimeout(() => action(...words), milliseconds);
  };
}
