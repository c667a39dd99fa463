/** The API, typed from docs/openapi.yaml, with the CSRF token on what changes things. */
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api";

export type Conversation = components["schemas"]["Conversation"];
export type Message = components["schemas"]["Message"];
export type Member = components["schemas"]["Member"];
export type Role = components["schemas"]["RoleEnum"];

export function csrfToken(): string {
  const found = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/);
  return found?.[1] ?? "";
}

const signed: Middleware = {
  onRequest({ request }) {
    if (request.method !== "GET") request.headers.set("X-CSRFToken", csrfToken());
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "" });
api.use(signed);

/** What a problem says, for people. */
export function wordsOf(problem: unknown): string {
  const errors = (problem as { errors?: { detail: string }[] })?.errors ?? [];
  return errors.map((error) => error.detail).join(" ") || "Something went wrong.";
}

/** A key for one thing to do: the same when it is tried again, a new one for the next. */
export function newKey(): string {
  return crypto.randomUUID();
}
