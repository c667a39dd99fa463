// A person's side of the chat: lists, one thread, and what the person does.
"use strict";

const $ = (id) => document.getElementById(id);
const EMOJIS = ["❤️", "👍", "😆", "😮"];
const LABELS = {whatsapp: "WhatsApp", instagram: "Instagram", facebook: "Messenger"};
const TICKS = {"": "…", sent: "✓", delivered: "✓✓", read: "✓✓", failed: "not taken"};
const state = {accounts: [], chats: [], account: "", person: "", replyTo: "",
  shown: "", typing: 0};

function make(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== "") node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

async function ask(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`The sandbox answered ${answer.status}.`);
  return answer.json();
}

async function tell(name, given) {
  const isForm = given instanceof FormData;
  const headers = isForm ? {} : {"Content-Type": "application/json"};
  const body = isForm ? given : JSON.stringify(given);
  const answer = await fetch(`/_phone/${name}`, {method: "POST", headers, body});
  const found = await answer.json();
  let problem = found.error || "";
  if (found.code === 0) problem = "Nobody answers at the product's webhook door.";
  else if (found.code && found.code !== 200)
    problem = `The product's webhook door answered ${found.code}.`;
  $("problem").textContent = problem;
  $("problem").hidden = !problem;
  return found;
}

const here = () => ({account: state.account, person: state.person});
const faceOf = (person) => `/_media/faces/${encodeURIComponent(person)}.png`;
const clock = (at) => new Date(at * 1000).toLocaleTimeString([],
  {hour: "2-digit", minute: "2-digit"});
const day = (at) => new Date(at * 1000).toLocaleDateString([],
  {weekday: "long", day: "numeric", month: "long"});

function words(bubble) {
  if (bubble.text) return bubble.text;
  return {image: "📷 Picture", video: "🎬 Video", audio: "🎤 Voice message",
    document: "📄 Document", file: "📄 File", sticker: "Sticker", location: "📍 Place",
    unsupported: "Something that the business cannot see", contacts: "👤 Contact",
    story_mention: "Mentioned the business in a story", ig_reel: "Shared a reel",
    share: "Shared a post", order: "🛒 Order"}[bubble.kind] || bubble.kind;
}

async function refreshList() {
  Object.assign(state, await ask("/_phone/state"));
  if (!state.account && state.accounts.length) state.account = state.accounts[0].id;
  const account = state.accounts.find((one) => one.id === state.account);
  document.body.dataset.channel = account ? account.channel : "whatsapp";
  $("channels").replaceChildren(...state.accounts.map((one) => make("button", {
    type: "button", role: "tab", "aria-selected": String(one.id === state.account),
    title: one.name, onclick: () => choose(one.id, ""),
  }, LABELS[one.channel] || one.channel)));
  const chats = state.chats.filter((chat) => chat.account === state.account);
  $("list").replaceChildren(...chats.map((chat) => make("li", {}, make("button", {
    type: "button", "aria-current": String(chat.person === state.person),
    onclick: () => choose(chat.account, chat.person),
  }, make("img", {src: faceOf(chat.person), alt: "", width: 40, height: 40}),
  make("span", {}, make("strong", {}, chat.name || chat.person),
    make("small", {}, chat.last
      ? (chat.last.mine ? "You: " : "") + words(chat.last) : "Nothing said yet")),
  chat.last && !chat.last.mine && chat.last.status !== "read"
    ? make("b", {title: "New"}, "●") : null))));
  if (!chats.length)
    $("list").append(make("li", {class: "empty"}, "Nobody yet: add a person below."));
}

function bubbleOf(bubble, all) {
  const quoted = bubble.reply_to && all.find((one) => one.id === bubble.reply_to);
  const reactions = Object.values(bubble.reactions).filter(Boolean).join(" ");
  const isPicture = ["image", "sticker"].includes(bubble.kind) && bubble.media;
  const isVideo = bubble.kind === "video" && bubble.media;
  const isAudio = bubble.kind === "audio" && bubble.media;
  const isFile = bubble.media && !isPicture && !isVideo && !isAudio;
  const ticks = make("span", {class: bubble.status}, TICKS[bubble.status] || "");
  const react = (emoji) => tell("react", {...here(), target: bubble.id,
    emoji: bubble.reactions.me === emoji ? "" : emoji});
  return make("div", {
    class: `bubble ${bubble.mine ? "mine" : ""} ${reactions ? "reacted" : ""}`,
    tabindex: "0", "data-id": bubble.id, "data-status": bubble.status,
  },
  quoted ? make("span", {class: "quote"}, words(quoted)) : null,
  isPicture ? make("img", {src: bubble.media, alt: bubble.text || "Picture"}) : null,
  isVideo ? make("video", {src: bubble.media, controls: true}) : null,
  isAudio ? make("audio", {src: bubble.media, controls: true}) : null,
  isFile ? make("a", {href: bubble.media, download: true},
    `📄 ${bubble.filename || "File"}`) : null,
  isFile && !bubble.text ? "" : (bubble.media && !bubble.text ? "" : words(bubble)),
  make("span", {class: "meta"}, `${clock(bubble.at)} `, ticks),
  reactions ? make("span", {class: "reactions"}, reactions) : null,
  make("span", {class: "tools"},
    ...(bubble.mine ? [] : EMOJIS.map((emoji) => make("button", {type: "button",
      "aria-label": `React with ${emoji}`, onclick: () => react(emoji)}, emoji))),
    make("button", {type: "button", "aria-label": "Reply to it",
      onclick: () => quote(bubble)}, "↩")));
}

async function refreshThread() {
  const {account, person} = here();
  $("phone").hidden = !person;
  $("nobody").hidden = Boolean(person);
  $("desk").classList.toggle("open", Boolean(person));
  if (!person) return;
  const query = new URLSearchParams({account, person});
  const found = await ask(`/_phone/thread?${query}`);
  if (person !== state.person) return;
  $("title").textContent = found.name || person;
  $("subtitle").textContent = `to ${state.accounts.find(
    (one) => one.id === account)?.name || account}`;
  if ($("face").getAttribute("src") !== faceOf(person)) $("face").src = faceOf(person);
  const shown = JSON.stringify([person, found.bubbles, found.typing_seconds > 0]);
  clearTimeout(state.typing);
  if (found.typing_seconds > 0)
    state.typing = setTimeout(refreshThread, found.typing_seconds * 1000 + 50);
  if (shown === state.shown) return;
  state.shown = shown;
  draw(found);
  if (!document.hidden && found.bubbles.some((one) => !one.mine && one.status !== "read"))
    tell("read", here());
}

function draw(found) {
  const nodes = [];
  let today = "";
  for (const bubble of found.bubbles) {
    if (day(bubble.at) !== today) {
      today = day(bubble.at);
      nodes.push(make("div", {class: "day"}, today));
    }
    nodes.push(bubbleOf(bubble, found.bubbles));
    const isLast = bubble === found.bubbles.at(-1);
    const choices = bubble.choices.map((choice, number) =>
      choice.kind !== "quick_reply" || isLast // those go away with the next message
        ? make("button", {type: "button", onclick: () =>
          tell("tap", {...here(), target: bubble.id, number})}, choice.title)
        : null);
    if (choices.some(Boolean)) nodes.push(make("div", {class: "choices"}, ...choices));
  }
  if (found.typing_seconds > 0)
    nodes.push(make("div", {class: "typing", role: "status",
      "aria-label": "The business is typing"}, make("i"), make("i"), make("i")));
  $("thread").replaceChildren(...nodes);
  $("thread").scrollTop = $("thread").scrollHeight;
}

function quote(bubble) {
  state.replyTo = bubble ? bubble.id : "";
  $("quoted").hidden = !bubble;
  $("quoted").firstElementChild.textContent = bubble ? words(bubble) : "";
  $("composer").elements.text.focus();
}

async function choose(account, person) {
  Object.assign(state, {account, person, shown: ""});
  quote(null);
  history.replaceState(null, "", `#${account}/${person}`);
  $("problem").hidden = true;
  await refreshList();
  await refreshThread();
}

async function send(event) {
  event.preventDefault();
  const field = $("composer").elements.text;
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  const replyTo = state.replyTo;
  quote(null);
  await tell("write", {...here(), text, reply_to: replyTo});
}

async function sendFile(event) {
  const [file] = event.target.files;
  if (!file) return;
  const form = new FormData();
  for (const [name, value] of Object.entries(here())) form.append(name, value);
  form.append("caption", $("composer").elements.text.value.trim());
  form.append("file", file);
  event.target.value = "";
  $("composer").elements.text.value = "";
  await tell("file", form);
}

async function addPerson(event) {
  event.preventDefault();
  const field = $("newcomer").elements.name;
  const found = await tell("people", {account: state.account, name: field.value});
  field.value = "";
  await choose(state.account, found.person);
}

function listen() {
  const source = new EventSource("/_phone/events");
  let pending = false;
  const refresh = async () => {
    pending = false;
    await refreshList();
    await refreshThread();
  };
  source.onopen = () => { $("link").textContent = "live"; refresh(); };
  source.onerror = () => { $("link").textContent = "reconnecting…"; };
  source.onmessage = () => {
    if (!pending) setTimeout(refresh, 60);
    pending = true;
  };
}

$("composer").addEventListener("submit", send);
$("composer").elements.file.addEventListener("change", sendFile);
$("composer").elements.text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey) send(event);
});
$("newcomer").addEventListener("submit", addPerson);
$("quoted").lastElementChild.addEventListener("click", () => quote(null));
$("back").addEventListener("click", () => choose(state.account, ""));
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") state.replyTo ? quote(null) : choose(state.account, "");
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) { state.shown = ""; refreshThread(); }
});
[state.account, state.person] = location.hash.slice(1).split("/").concat("");
listen();
