/** Signing in: cookie, CSRF token, second factor. See docs/spa.md. */
import { csrfToken } from "./client.js";

const DOOR = "/_allauth/browser/v1";
type Flow = { id: string; is_pending?: boolean };
export type Next = "signed in" | "code" | "verify" | "refused";

async function ask(path: string, body?: object): Promise<Response> {
  return fetch(`${DOOR}/${path}`, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrfToken() },
    body: body && JSON.stringify(body),
  });
}

/** The first request brings the CSRF cookie; true when there is a session already. */
export async function begin(): Promise<boolean> {
  await ask("config");
  return (await ask("auth/session")).ok;
}

export async function logIn(email: string, password: string): Promise<Next> {
  return nextOf(await ask("auth/login", { email, password }));
}

export async function enterCode(code: string): Promise<Next> {
  return nextOf(await ask("auth/2fa/authenticate", { code }));
}

export async function logOut(): Promise<void> {
  await fetch(`${DOOR}/auth/session`, {
    method: "DELETE",
    headers: { "X-CSRFToken": csrfToken() },
  });
}

/** 200: signed in. 401: something is still to be done, and `flows` says what. */
async function nextOf(response: Response): Promise<Next> {
  if (response.ok) return "signed in";
  if (response.status !== 401) return "refused";
  const { data } = (await response.json()) as { data: { flows: Flow[] } };
  const pending = data.flows.filter((flow) => flow.is_pending).map((flow) => flow.id);
  if (pending.includes("mfa_authenticate")) return "code";
  return pending.includes("verify_email") ? "verify" : "refused";
}
