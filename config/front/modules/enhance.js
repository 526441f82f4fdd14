// What scripts do to a piece of page: once when it loads, and to whatever htmx puts in later.
const tasks = [];

/** Have `task(root)` called for the page and for each piece that comes into it. */
export function onEnhance(task) {
  tasks.push(task);
}

export function enhance(root) {
  for (const task of tasks) task(root);
}

/** Have `act(element, event)` called for an event on whatever matches now or later. */
export function on(type, selector, act) {
  document.addEventListener(type, (event) => {
    const element = event.target.closest?.(selector);
    if (element) act(element, event);
  });
}
