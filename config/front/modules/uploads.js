// <form data-upload>: files that are chosen or dropped go up one after the other, each with its bar.
import { on } from "./enhance.js";
import { toast } from "./toasts.js";

on("change", "[data-upload] input[type=file]", (input) => {
  upload(input.form, [...input.files]);
  input.value = "";
});
on("dragover", "[data-upload]", (form, event) => {
  event.preventDefault();
  form.classList.add("is-over");
});
on("dragleave", "[data-upload]", (form, event) => form.contains(event.relatedTarget) || form.classList.remove("is-over"));
on("drop", "[data-upload]", (form, event) => {
  event.preventDefault();
  form.classList.remove("is-over");
  upload(form, [...event.dataTransfer.files]);
});

async function upload(form, files) {
  const rows = files.map((file) => row(form, file));
  let failed = 0;
  for (const [index, file] of files.entries()) failed += !(await send(form, file, rows[index]));
  if (failed) toast(failed === 1 ? "One file could not be taken; it says why." : `${failed} files could not be taken; each says why.`, "error");
  if (failed < files.length) await refresh();
}

function row(form, file) {
  const item = document.createElement("li");
  const bar = Object.assign(document.createElement("progress"), { max: 1, value: 0, ariaLabel: file.name });
  item.append(Object.assign(document.createElement("span"), { textContent: file.name }), bar);
  form.querySelector("[data-uploads]").append(item);
  return item;
}

function send(form, file, item) {
  const body = new FormData(form);
  body.set("file", file);
  const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.responseType = "json";
  request.upload.onprogress = (event) => (item.querySelector("progress").value = event.loaded / event.total);
  return new Promise((resolve) => {
    request.onloadend = () => {
      if (request.status === 201) item.remove();
      else item.classList.add("is-refused"), item.replaceChildren(`${file.name}: ${request.response?.detail ?? (request.status === 401 ? "you have been signed out" : "the server did not take it")}`);
      resolve(request.status === 201);
    };
    request.send(body);
  });
}

/** The grid as it is now; what was refused stays to be read. */
async function refresh() {
  const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), "text/html");
  const fresh = page.querySelector(".asset-grid");
  const now = document.querySelector(".asset-grid, main .list-card");
  if (fresh && now) now.replaceWith(document.adoptNode(fresh));
}
