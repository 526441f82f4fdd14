// <time datetime="…" data-ago>: "3 minutes ago", kept true, with the exact time in the reader's own zone on hover.
// data-exact: the time itself in that zone. data-clock: its hours, minutes and seconds.
import { onEnhance } from "./enhance.js";

const STEPS = [["year", 31536000], ["month", 2592000], ["week", 604800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "long", hourCycle: "h23" });
const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const short = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short", hourCycle: "h23" });

function ago(at) {
  const seconds = (at - Date.now()) / 1000;
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  return relative.format(0, "second");
}

function show(root) {
  for (const time of root.querySelectorAll("time[datetime]:is([data-ago], [data-exact], [data-clock])")) {
    const at = new Date(time.dateTime);
    if (Number.isNaN(at.valueOf())) continue;
    const text = "ago" in time.dataset ? ago(at) : "clock" in time.dataset ? clock.format(at) : short.format(at);
    if (time.textContent !== text) time.textContent = text;
    time.title = exact.format(at);
  }
}

onEnhance(show);
setInterval(() => document.hidden || show(document), 20000);
// so that the server can name the reader's zone where that matters
try {
  document.cookie = `zone=${encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone)};path=/;max-age=31536000;samesite=lax`;
} catch {
  /* without cookies: UTC */
}
