// Saved as one types: each change goes to the server as the next revision of one's draft. Another window that has
// written since is told and nothing is overwritten; what cannot be sent is kept in this browser until it can.
import { call, later } from "./calls.js";

const AGAIN_MS = 5000;

export function makeKeep({ config, work, tell, state }) {
  const here = `draft:${config.template}`;
  let { revision } = config;
  let sending = false;
  let waiting = false;
  let told = false; // that it could not be sent
  let stopped = !config.writes;

  const soon = later(send, 900);

  function changed() {
    if (stopped) return;
    waiting = true;
    state("Saving …");
    soon();
  }

  async function send() {
    if (sending || stopped || !waiting) return;
    const long = work().contents.some((one) => [one.body, one.text].some((text) => text.length > config.longest));
    if (long) return state("Not saved: too long");
    sending = true;
    waiting = false;
    try {
      const kept = await call(config.urls.keep, { work: work(), base: config.base, revision });
      revision = kept.revision;
      localStorage.removeItem(here);
      if (told) tell("");
      told = false;
      if (waiting) soon(); // what was typed meanwhile is not saved
      else state(`Draft saved at ${new Date(kept.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" })}`, true);
    } catch (error) {
      refused(error);
      if (!stopped) setTimeout(send, AGAIN_MS);
    }
    sending = false;
  }

  function refused(error) {
    waiting = true;
    try {
      localStorage.setItem(here, JSON.stringify({ work: work(), base: config.base }));
    } catch {
      /* storage is full or off */
    }
    told ||= Boolean(error.status);
    if (error.status === 409) {
      stopped = true;
      state("Not saved");
      tell("This template was changed in another window. Nothing was overwritten; what you typed here is kept in this browser.", [["Take the other one", () => (localStorage.removeItem(here), location.reload())], ["Keep mine", mine]]);
    } else if (error.status === 401 || error.status === 403) {
      state("Not saved: signed out");
      tell("You have been signed out. What you typed is kept in this browser.", [["Sign in again", () => open(`/sign-in?next=${encodeURIComponent(location.pathname)}`, "_blank", "noopener")]]);
    } else if (error.status) {
      state("Not saved");
      tell(error.message);
    } else {
      state("Not saved: no connection");
    }
  }

  /** Mine, on purpose, on top of what the other window has written. */
  async function mine() {
    await call(config.urls.discard, {});
    revision = 0;
    stopped = false;
    tell("");
    changed();
    await send();
  }

  /** What could not be sent the last time, if anything. */
  function left() {
    return JSON.parse(localStorage.getItem(here) ?? "null");
  }

  return {
    changed, left, send,
    forget: () => localStorage.removeItem(here),
    saved() {
      revision = 0;
      waiting = false;
      localStorage.removeItem(here);
    },
    pending: () => waiting || sending,
  };
}
