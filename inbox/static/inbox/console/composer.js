// Writing: drafts, the reply window, canned replies, colleagues, files, templates.

import { api } from "./api.js";
import { all, find, icon, make, on, page, say, settled, toast, until } from "./dom.js";
import * as outbox from "./outbox.js";
import * as picker from "./picker.js";
import * as templates from "./templates.js";

const CLOSING = 4 * 3600 * 1000;
const TYPING = 8000;
let id = "";
let told = {};
let window_ = null;
let quoted = "";
let files = [];
let mentions = new Map();
let typedAt = 0;

const box = () => find("#composer");
const words = () => find("#words");
const shelf = () => `console:draft:${page.me}:${id}`;
const isNote = () => box()?.dataset.mode === "note";

/** A conversation is shown: its draft, its window. */
export function enter(conversation, listeners) {
  id = conversation;
  told = listeners;
  [quoted, files, mentions, window_] = ["", [], new Map(), null];
  if (!words()) return;
  const draft = load();
  if (draft.mode === "note") mode("note");
  words().value = draft.text || "";
  words().addEventListener("input", typed);
  words().addEventListener("keydown", pressed);
  words().addEventListener("paste", pasted);
  find("#attach").addEventListener("change", (event) => {
    attach([...event.target.files]);
    event.target.value = "";
  });
  grow();
  windowAgain();
  if (matchMedia("(min-width: 761px)").matches && draft.text) words().focus();
}

/** The conversation is left: what was written stays as its draft. */
export function leave() {
  if (id && words()) save();
  picker.close();
  id = "";
}

function load() {
  try {
    return JSON.parse(localStorage.getItem(shelf())) || {};
  } catch {
    return {};
  }
}

function save() {
  const text = words().value;
  try {
    if (text.trim()) localStorage.setItem(shelf(), JSON.stringify({ text, mode: box().dataset.mode }));
    else localStorage.removeItem(shelf());
  } catch {
    return;
  }
  find("#draft-state").textContent = text.trim() ? "Draft kept" : "";
}

const saveSoon = settled(400, () => id && words() && save());

/** Reply to the person, or a note for colleagues. */
export function mode(name, focus = false) {
  if (!box()) return;
  box().dataset.mode = name;
  for (const button of all(".modes [data-mode]", box())) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === name));
  }
  words().placeholder = name === "note"
    ? "A note for colleagues; @ names one"
    : "Write a reply, or / for a canned one";
  showWindow(); // before the focus: a field that is off cannot have it
  if (focus) words().focus();
}

/** Ask the server about the window again. */
export async function windowAgain() {
  const asked = id;
  if (!asked || !box()) return;
  try {
    const found = await api("GET", `conversations/${asked}/window`);
    if (asked === id) window_ = found;
  } catch {
    window_ = null;
  }
  showWindow();
}

export function tickWindow() {
  if (!window_) return;
  if (window_.is_open && window_.open_until && new Date(window_.open_until) < Date.now()) windowAgain();
  else showWindow();
}

function showWindow() {
  const bar = find("#window");
  if (!bar) return;
  const isClosed = window_ && !window_.is_open;
  box().classList.toggle("is-closed", Boolean(isClosed) && !isNote());
  words().disabled = Boolean(isClosed) && !isNote();
  find("#send").disabled = words().disabled;
  find("#template-button").hidden = !window_?.allowed.includes("template");
  bar.replaceChildren();
  if (!window_ || isNote()) return;
  const left = window_.open_until ? new Date(window_.open_until) - Date.now() : Infinity;
  bar.classList.toggle("is-closing", Boolean(window_.is_open) && left < CLOSING);
  if (window_.is_open && window_.open_until) {
    const rule = window_.rule === "human_agent" ? " as a human agent" : "";
    bar.append(icon("timer"), make("span", {}, `You can reply freely for ${until(new Date(window_.open_until))}${rule}.`));
  } else if (isClosed) {
    bar.append(icon("lock_clock"), make("span", {}, closedWords()));
    if (window_.allowed.includes("template")) {
      bar.append(make("button", { type: "button", class: "button", "data-do": "template" }, "Send a template"));
    }
  }
  if (!window_.is_open || left < CLOSING) {
    for (const other of window_.elsewhere) {
      bar.append(make("button", { type: "button", class: "button", "data-open": other.conversation },
        `Reply on ${other.account}`));
    }
  }
}

function closedWords() {
  return window_.allowed.includes("template")
    ? "The reply window has closed. Only an approved template opens it again."
    : "The reply window has closed, until the person writes again.";
}

function grow() {
  const field = words();
  field.style.height = "auto";
  field.style.height = `${Math.min(field.scrollHeight, innerHeight * 0.35)}px`;
  const length = find("#length");
  length.hidden = field.value.length < 900;
  length.textContent = String(field.value.length);
}

function typed() {
  grow();
  saveSoon();
  offer();
  if (!isNote() && window_?.is_open && Date.now() - typedAt > TYPING && words().value.trim()) {
    typedAt = Date.now();
    api("POST", `conversations/${id}/typing`).catch(() => {});
  }
}

/** Choices for what is being typed: /shortcut at the beginning, @name in a note. */
function offer() {
  const before = words().value.slice(0, words().selectionStart);
  const slash = /^\/([^\s/]*)$/u.exec(before);
  if (slash) return offerCanned(slash[1]);
  const at = /(?:^|\s)@([^\s@]*)$/u.exec(before);
  if (at && isNote()) return offerColleagues(at[1]);
  picker.close();
}

function offerCanned(start = "") {
  const found = all("#canned-replies template")
    .filter((one) => one.dataset.shortcut.toLowerCase().startsWith(start.toLowerCase()))
    .map((one) => ({
      title: `/${one.dataset.shortcut}`,
      text: one.content.textContent,
      run: () => fill(one.dataset.id),
    }));
  picker.show(found, words(), start ? "No such canned reply." : "No canned replies yet: add them in the back office.");
}

function offerColleagues(start) {
  const found = all("#colleagues template")
    .filter((one) => one.content.textContent.toLowerCase().includes(start.toLowerCase()))
    .map((one) => ({ title: one.content.textContent, text: "", run: () => mention(one, start) }));
  picker.show(found, words(), "Nobody of that name.");
}

async function fill(reply) {
  try {
    const rendered = await api("GET", `canned-replies/${reply}/rendered?conversation=${id}`);
    const field = words();
    const isCommand = /^\/\S*$/u.test(field.value);
    if (isCommand) field.value = rendered.text;
    else field.setRangeText(rendered.text, field.selectionStart, field.selectionEnd, "end");
    typed();
    field.focus();
    if (rendered.missing.length) {
      const gap = field.value.indexOf("{{");
      field.setSelectionRange(gap, field.value.indexOf("}}", gap) + 2);
      toast(`Nothing fills ${rendered.missing.join(", ")} here: complete it before sending.`, { bad: true });
    }
  } catch (refused) {
    toast(refused.message, { bad: true });
  }
}

function mention(who, start) {
  const field = words();
  const end = field.selectionStart;
  const name = who.content.textContent;
  field.setRangeText(`@${name} `, end - start.length - 1, end, "end");
  mentions.set(who.dataset.id, name);
  typed();
  field.focus();
}

function pressed(event) {
  if (picker.pressed(event)) return;
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    send();
  }
}

function pasted(event) {
  const found = [...(event.clipboardData?.files || [])];
  if (!found.length) return;
  event.preventDefault();
  attach(found);
}

/** Upload files; each is shown at once and says when it failed. */
function attach(list) {
  for (const file of list) {
    const item = { file, id: "", problem: "", done: null };
    files.push(item);
    item.done = upload(item);
  }
  showFiles();
}

async function upload(item) {
  const body = new FormData();
  body.append("file", item.file);
  body.append("conversation", id);
  try {
    const kept = await api("POST", "attachments", body);
    item.id = kept.id;
  } catch (refused) {
    item.problem = refused.message;
  }
  showFiles();
}

function showFiles() {
  find("#files")?.replaceChildren(...files.map((item) => {
    const state = item.problem || (item.id ? size(item.file.size) : "Uploading…");
    const away = make("button", { type: "button", class: "tool", "aria-label": `Remove ${item.file.name}` }, icon("close"));
    away.addEventListener("click", () => {
      files = files.filter((other) => other !== item);
      showFiles();
    });
    return make("li", { class: item.problem ? "is-bad" : "" }, icon("attach_file"),
      make("span", { class: "grow" }, item.file.name, make("small", {}, state)), away);
  }));
}

const size = (bytes) => bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** Reply to one message. */
export function quote(message) {
  if (!box()) return;
  if (!message.dataset.known) {
    toast("The platform does not know this message yet.", { bad: true });
    return;
  }
  mode("reply", true);
  quoted = message.dataset.id;
  const line = find("#quoting");
  line.hidden = false;
  find(".grow", line).textContent = find(".text", message)?.textContent.slice(0, 120) || "a message";
}

function unquote() {
  quoted = "";
  if (find("#quoting")) find("#quoting").hidden = true;
}

function addChoice(title = "") {
  const list = find("#choices");
  if (list.children.length >= 3) {
    toast("Three quick replies are the most.");
    return;
  }
  const field = make("input", { maxlength: "20", placeholder: "Quick reply", "aria-label": "Quick reply", value: title });
  const away = make("button", { type: "button", class: "tool", "aria-label": "Remove" }, icon("close"));
  const item = make("li", {}, field, away);
  away.addEventListener("click", () => item.remove());
  list.append(item);
  field.focus();
}

/** What the fields say, as the API takes it. */
function body() {
  const text = words().value;
  if (isNote()) {
    const named = [...mentions].filter(([, name]) => text.includes(`@${name}`)).map(([who]) => who);
    return { kind: "note", text, ...(named.length ? { mentions: named } : {}) };
  }
  const choices = all("#choices input").map((field, n) => ({ id: `choice-${n + 1}`, title: field.value.trim() })).filter((one) => one.title);
  return {
    text,
    ...(files.length ? { attachments: files.map((item) => item.id) } : {}),
    ...(choices.length ? { choices } : {}),
    ...(quoted ? { reply_to: quoted } : {}),
  };
}

async function send() {
  if (!id || words().disabled) return;
  if (!words().value.trim() && !files.length) return;
  if (!isNote() && /\{\{\s*[\w.]+\s*\}\}/u.test(words().value)) {
    toast("There is still a variable in it: complete it first.", { bad: true });
    return;
  }
  const conversation = id;
  const bad = files.find((item) => item.problem);
  if (bad) {
    toast(`${bad.file.name}: ${bad.problem}`, { bad: true });
    return;
  }
  if (files.some((item) => !item.id)) {
    find("#send").disabled = true;
    await Promise.all(files.map((item) => item.done));
    if (conversation !== id) return;
    find("#send").disabled = false;
    return send();
  }
  const said = body();
  const shown = words().value.trim() || files.map((item) => item.file.name).join(", ");
  clear();
  outbox.post(conversation, said, shown);
  say("On its way");
  const scroll = find("#scroll");
  scroll.scrollTop = scroll.scrollHeight;
}

function clear() {
  words().value = "";
  [files, mentions] = [[], new Map()];
  find("#choices").replaceChildren();
  showFiles();
  unquote();
  picker.close();
  grow();
  save();
}

/** The server keeps it now. */
export const sent = (ids) => told.sent?.(ids);

/** Something that was refused is to be written again. */
export function restore(refused) {
  if (!words()) return;
  mode(refused.kind === "note" ? "note" : "reply");
  words().value = refused.text || "";
  typed();
  if (!words().disabled) words().focus();
}

async function chooseTemplate() {
  const conversation = id;
  const chosen = await templates.choose(conversation);
  if (chosen && conversation === id) outbox.post(conversation, { template: chosen.use }, chosen.text);
}

/** Wire the tools of every composer that will be shown. */
export function start() {
  const pane = find("#thread");
  on(pane, "click", "[data-do=send]", send);
  on(pane, "click", ".modes [data-mode]", (_, button) => mode(button.dataset.mode, true));
  on(pane, "click", "[data-do=canned]", () => offerCanned());
  on(pane, "click", "[data-do=choices]", () => addChoice());
  on(pane, "click", "[data-do=unquote]", unquote);
  on(pane, "click", "[data-do=template]", chooseTemplate);
  pane.addEventListener("dragover", (event) => box() && event.preventDefault());
  pane.addEventListener("drop", (event) => {
    if (!box() || !event.dataTransfer.files.length) return;
    event.preventDefault();
    attach([...event.dataTransfer.files]);
  });
  window.addEventListener("beforeunload", () => id && words() && save());
}
