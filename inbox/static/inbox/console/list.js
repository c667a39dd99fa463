// The list of conversations: filters, pages, news, and which one is chosen.

import { fragment } from "./api.js";
import { all, drawn, find, on, say, settled, tick, toast } from "./dom.js";

const rows = find("#rows");
const form = find("#wish");
let openId = "";
let asked = 0;

/** What the filters ask for, as the query of an address. */
function wish(more = {}) {
  const query = new URLSearchParams(new FormData(form));
  for (const [name, value] of [...query]) if (!value) query.delete(name);
  for (const [name, value] of Object.entries(more)) query.set(name, value);
  return query.toString();
}

/** Draw the list anew. */
export async function reload({ quietly = false } = {}) {
  const turn = ++asked;
  if (!quietly) rows.setAttribute("aria-busy", "true");
  try {
    const html = await fragment(`rows?${wish({ counts: "1" })}`);
    if (turn !== asked) return;
    put(drawn(html));
    if (!quietly) say(`${all(".row", rows).length} conversations`);
  } catch (refused) {
    if (!quietly) toast(refused.message, { bad: true });
  } finally {
    if (turn === asked) rows.removeAttribute("aria-busy");
  }
}

function put(elements) {
  const before = chosen()?.dataset.id;
  takeCounts(elements);
  rows.replaceChildren(...elements.filter((element) => !("counts" in element.dataset)));
  mark();
  if (before) choose(document.getElementById(`c-${before}`), false);
  tick(rows);
  showTitle();
}

function takeCounts(elements) {
  const told = elements.find((element) => "counts" in element.dataset);
  if (!told) return;
  for (const view of ["mine", "unassigned", "all"]) {
    find(`[data-count=${view}]`).textContent = told.dataset[view];
  }
}

function showTitle() {
  const unread = all(".row.is-unread", rows).length;
  document.title = document.title.replace(/^\(\d+\) /, "");
  if (unread) document.title = `(${unread}) ${document.title}`;
}

const waiting = new Set();

/** Some conversations changed: draw them again, where they belong now. */
export function refresh(ids) {
  ids.forEach((id) => waiting.add(id));
  refreshSoon();
}

const refreshSoon = settled(120, async () => {
  const ids = [...waiting];
  waiting.clear();
  if (ids.length > 20 || form.waiting.checked || form.closing.checked || form.q.value) {
    return reload({ quietly: true });
  }
  try {
    const fresh = drawn(await fragment(`rows?${wish({ ids: ids.join(","), counts: "1" })}`));
    takeCounts(fresh);
    const had = document.activeElement?.closest(".row")?.dataset.id;
    for (const id of ids) document.getElementById(`c-${id}`)?.remove();
    for (const row of fresh.filter((element) => element.matches(".row"))) place(row);
    find(".empty", rows)?.remove();
    mark();
    tick(rows);
    showTitle();
    if (!find(".row", rows)) await reload({ quietly: true });
    if (had) find(`#c-${CSS.escape(had)} a`)?.focus();
  } catch {
    // the next news, or the poll, brings them
  }
});

/** Put a row where its time belongs, unless that is below what is loaded. */
function place(row) {
  const below = all(".row", rows).find((other) => other.dataset.at < row.dataset.at);
  const more = find(".more", rows);
  if (below) below.before(row);
  else if (!more) rows.append(row);
}

async function more(element) {
  element.setAttribute("aria-busy", "true");
  try {
    const html = await fragment(`rows?${element.dataset.more}`);
    element.replaceWith(...drawn(html));
    mark();
    tick(rows);
  } catch (refused) {
    element.removeAttribute("aria-busy");
    toast(refused.message, { bad: true });
  }
}

/** Which conversation is open beside the list. */
export function opened(id) {
  openId = id;
  mark();
}

function mark() {
  for (const link of all(".row-link", rows)) {
    const isOpen = link.closest(".row").dataset.id === openId;
    link.classList.toggle("is-open", isOpen);
    if (isOpen) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

const chosen = () => find(".row.is-chosen", rows) || document.getElementById(`c-${openId}`);

function choose(row, focus = true) {
  if (!row) return;
  all(".row.is-chosen", rows).forEach((other) => other.classList.remove("is-chosen"));
  row.classList.add("is-chosen");
  if (focus) {
    find("a", row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  }
}

/** Choose the next conversation (1) or the one before (-1). */
export function move(step) {
  const them = all(".row", rows);
  const place = them.indexOf(chosen());
  choose(them[Math.max(0, Math.min(them.length - 1, place + step))]);
}

export const chosenId = () => chosen()?.dataset.id;

export function show(view) {
  form.view.value = view;
  for (const tab of all("[data-view]", form)) {
    tab.setAttribute("aria-pressed", String(tab.dataset.view === view));
  }
  changed();
}

function changed() {
  const query = wish();
  const open = openId ? `&conversation=${openId}` : "";
  history.replaceState(history.state, "", `?${query}${open}`);
  reload();
}

/** Wire the list; `open(id)` shows a conversation. */
export function start(open) {
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => event.target.name !== "q" && changed());
  form.q.addEventListener("input", settled(250, changed));
  on(form, "click", "[data-view]", (_, tab) => show(tab.dataset.view));
  on(rows, "click", ".row-link", (event, link) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    choose(link.closest(".row"), false);
    open(link.closest(".row").dataset.id);
  });
  on(rows, "click", ".more button", (_, button) => more(button.closest(".more")));
  new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting && find(".more:not([aria-busy])", rows)) more(find(".more", rows));
  }, { root: find("#list"), rootMargin: "300px" }).observe(makeEnd());
  find("#workspace")?.addEventListener("change", (event) => location.assign(event.target.value));
  tick();
  showTitle();
}

function makeEnd() {
  const end = document.createElement("div");
  end.className = "list-end";
  rows.after(end);
  return end;
}

export const focusSearch = () => form.q.select();
