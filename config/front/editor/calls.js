// What the editor asks of the server: JSON both ways, and a refusal that says what kind it is.
import { csrfToken } from "../modules/csrf.js";

export class Refused extends Error {
  constructor(status, answer) {
    super(answer.detail ?? "The server does not answer.");
    this.status = status;
    this.answer = answer;
  }
}

/** The answer to a call. Throws Refused: status 0 when nobody answers, 401 when one is signed out. */
export async function call(url, body, signal) {
  const given = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const headers = { "HX-Request": "true", "X-CSRFToken": csrfToken(), "Content-Type": "application/json" };
  const response = await fetch(url, { ...given, headers, signal }).catch((error) => {
    if (error.name === "AbortError") throw error;
    throw new Refused(0, {});
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(response.status, answer);
  return answer;
}

/** `act` after a pause in the typing. */
export function later(act, milliseconds) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, milliseconds);
  };
}
