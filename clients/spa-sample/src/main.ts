/** The page: sign in, read and answer conversations, follow them live, run the team. */
import { api, newKey, wordsOf, type Conversation, type Member, type Role } from "./client.js";
import { begin, enterCode, logIn, logOut, type Next } from "./session.js";

let workspace = "";
let current: Conversation | undefined;
let replyKey = newKey();

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

function say(words: string): void {
  element("status").textContent = words;
}

function row(list: HTMLElement, words: string, data: string): HTMLLIElement {
  const item = document.createElement("li");
  item.textContent = words; // never innerHTML: it is a customer's text
  item.dataset.id = data;
  list.append(item);
  return item;
}

function onSubmit(id: string, act: (form: FormData) => Promise<void>): void {
  element<HTMLFormElement>(id).addEventListener("submit", (event) => {
    event.preventDefault();
    void act(new FormData(event.target as HTMLFormElement));
  });
}

async function go(next: Next): Promise<void> {
  element("login").hidden = next === "signed in" || next === "code";
  element("code").hidden = next !== "code";
  if (next === "refused") say("That did not work.");
  if (next === "verify") say("Open the link in the mail that we sent you first.");
  if (next === "signed in") await enter();
}

async function enter(): Promise<void> {
  const { data: me } = await api.GET("/api/me");
  const place = me?.memberships[0];
  if (!me || !place) return say("You are in no workspace.");
  workspace = place.workspace.slug;
  element("app").hidden = false;
  element("who").textContent = `${me.email}, ${place.role} of ${place.workspace.name}`;
  element("team").hidden = !place.actions.includes("manage_team");
  await Promise.all([showConversations(), showTeam()]);
  follow();
  say("Ready.");
}

async function showConversations(): Promise<void> {
  const { data, error } = await api.GET("/api/workspaces/{workspace}/conversations", {
    params: { path: { workspace }, query: { limit: 20 } },
  });
  if (!data) return say(wordsOf(error));
  const list = element("conversations");
  list.replaceChildren();
  for (const one of data.results) {
    const item = row(list, `${one.contact.name}: ${one.preview}`, one.id);
    item.tabIndex = 0;
    item.addEventListener("click", () => void open(one));
  }
}

async function open(conversation: Conversation): Promise<void> {
  current = conversation;
  element("thread").hidden = false;
  await showThread();
}

async function showThread(): Promise<void> {
  if (!current) return;
  const { data } = await api.GET(
    "/api/workspaces/{workspace}/conversations/{conversation}/messages",
    { params: { path: { workspace, conversation: current.id } } },
  );
  const list = element("messages");
  list.replaceChildren();
  for (const message of [...(data?.results ?? [])].reverse()) {
    const item = row(list, `${message.text} (${message.status})`, message.id);
    item.className = message.direction;
  }
}

async function reply(form: FormData): Promise<void> {
  if (!current) return;
  const { data, error } = await api.POST(
    "/api/workspaces/{workspace}/conversations/{conversation}/messages",
    {
      params: {
        path: { workspace, conversation: current.id },
        header: { "Idempotency-Key": replyKey },
      },
      body: { kind: "message", text: String(form.get("text")) },
    },
  );
  if (!data) return say(wordsOf(error)); // the same key again when it is sent again
  replyKey = newKey();
  element<HTMLFormElement>("reply").reset();
  say(`Sent: ${data.status}.`);
  await showThread();
}

/** The stream says what changed, never its content: fetch it. */
function follow(): void {
  const stream = new EventSource(`/events/workspaces/${workspace}`, { withCredentials: true });
  const look = (): void => void Promise.all([showConversations(), showThread()]);
  stream.addEventListener("ready", () => {
    element("live").textContent = "live";
    look();
  });
  for (const kind of ["message.created", "message.updated", "conversation.updated"]) {
    stream.addEventListener(kind, look);
  }
}

async function showTeam(): Promise<void> {
  const { data } = await api.GET("/api/workspaces/{workspace}/admin/users", {
    params: { path: { workspace } },
  });
  const list = element("members");
  list.replaceChildren();
  for (const member of data?.results ?? []) {
    row(list, `${member.email} `, member.id).append(roleChoice(member));
  }
}

function roleChoice(member: Member): HTMLSelectElement {
  const choice = document.createElement("select");
  choice.ariaLabel = `Role of ${member.email}`;
  for (const role of ["owner", "admin", "sdr", "member"] satisfies Role[]) {
    choice.add(new Option(role, role, false, role === member.role));
  }
  choice.addEventListener("change", () => void giveRole(member, choice.value as Role));
  return choice;
}

async function giveRole(member: Member, role: Role): Promise<void> {
  const { data, error } = await api.PATCH("/api/workspaces/{workspace}/admin/users/{user}/role", {
    params: { path: { workspace, user: member.id } },
    body: { role },
  });
  say(data ? `${data.email} is ${data.role} now.` : wordsOf(error));
  await showTeam();
}

async function invite(form: FormData): Promise<void> {
  const { data, error } = await api.POST("/api/workspaces/{workspace}/admin/invite", {
    params: { path: { workspace }, header: { "Idempotency-Key": newKey() } },
    body: { email: String(form.get("email")), role: form.get("role") as Role },
  });
  const outcome = data?.results[0];
  say(outcome ? `${outcome.email}: ${outcome.outcome}.` : wordsOf(error));
}

onSubmit("login", async (form) =>
  go(await logIn(String(form.get("email")), String(form.get("password")))),
);
onSubmit("code", async (form) => go(await enterCode(String(form.get("code")))));
onSubmit("reply", reply);
onSubmit("invite", invite);
element("logout").addEventListener("click", async () => {
  await logOut();
  location.reload();
});
void begin().then((isSignedIn) => (isSignedIn ? go("signed in") : say("Sign in.")));
