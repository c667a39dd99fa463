// Talking to the server: fragments to read, the API to write.

import { page } from "./dom.js";

/** What the API refused, in its own words. `again` says that trying later may help. */
export class Refused extends Error {
  constructor(status, problem) {
    const errors = problem?.errors || [];
    super(errors.map((error) => error.detail).join(" ") || wordsFor(status));
    this.status = status;
    this.code = errors[0]?.code || "";
    this.problem = problem || {};
    this.again = status === 0 || status >= 500 || status === 429 || this.code === "still_running";
  }
}

function wordsFor(status) {
  if (status === 0) return "There is no connection.";
  if (status === 401 || status === 403) return "You are signed out, or may not do this.";
  if (status === 404) return "This is not there any more.";
  if (status >= 500) return "The server has a problem. Try again in a moment.";
  return "This was refused.";
}

/** A fragment of the page; throws Refused. */
export async function fragment(path) {
  let answer;
  try {
    answer = await fetch(page.base + path, { headers: { Accept: "text/html" }, redirect: "manual" });
  } catch {
    throw new Refused(0);
  }
  if (answer.type === "opaqueredirect") throw new Refused(401);
  if (!answer.ok) throw new Refused(answer.status);
  return answer.text();
}

/** Call the API below the workspace; the answer, or throws Refused. */
export async function api(method, path, body, { key } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": page.csrf };
  if (key) headers["Idempotency-Key"] = key;
  const isForm = body instanceof FormData;
  if (body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(page.api + path, {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined || isForm ? body : JSON.stringify(body),
    });
  } catch {
    throw new Refused(0);
  }
  const text = await answer.text();
  let told = null;
  try {
    told = text ? JSON.parse(text) : null;
  } catch {
    told = null;
  }
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

/** A name for one attempt to do something, however often it is repeated. */
export const newKey = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
