// <button type="submit" data-confirm="dialog-id">: the dialog, which names the effect in numbers, is asked first.
// [data-opens="dialog-id"] opens any dialog; [data-closes] closes the one it is in.
import { on } from "./enhance.js";

let asked = null;

const dialogOf = (element, name) => document.getElementById(element.dataset[name]);

on("click", "[data-confirm]", (button, event) => {
  if (button === asked) return void (asked = null);
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = dialogOf(button, "confirm");
  dialog.returnValue = "";
  dialog.showModal();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue !== "yes") return button.focus();
    asked = button;
    button.click();
  }, { once: true });
});
on("click", "[data-opens]", (button) => dialogOf(button, "opens").showModal());
on("click", "[data-closes]", (button) => button.closest("dialog").close(button.dataset.closes));
on("click", "dialog", (dialog, event) => {
  if (event.target === dialog) dialog.close(); // the backdrop
});
