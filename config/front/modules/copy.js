// <button data-copy="text">: puts the text on the clipboard and says so.
import { on } from "./enhance.js";
import { toast } from "./toasts.js";

on("click", "[data-copy]", async (button) => {
  try {
    await navigator.clipboard.writeText(button.dataset.copy);
    toast(button.dataset.copied || "Copied");
  } catch {
    toast("The browser did not let us copy: select the text instead", "error");
  }
});
