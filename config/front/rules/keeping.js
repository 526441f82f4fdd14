// What is not saved yet, kept in this browser under the segment it is of, and offered again.
const DAYS_14 = 14 * 24 * 3600 * 1000;

export function makeDraft(key, base) {
  let timer;
  return {
    keep(rule, fields) {
      clearTimeout(timer);
      timer = setTimeout(() => {
        try {
          localStorage.setItem(key, JSON.stringify({ rule, fields, base, at: Date.now() }));
        } catch {
          /* storage is full or off */
        }
      }, 300);
    },
    /** Sent: what comes back from the server is newer. */
    sent() {
      clearTimeout(timer);
      localStorage.removeItem(key);
    },
    forget() {
      clearTimeout(timer);
      localStorage.removeItem(key);
    },
    left() {
      try {
        const found = JSON.parse(localStorage.getItem(key) ?? "null");
        return found && Date.now() - found.at < DAYS_14 ? found : null;
      } catch {
        return null;
      }
    },
  };
}
