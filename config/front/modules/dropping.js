// <form data-drop>: one file, chosen or dropped, that goes up at once with a bar. Without script it is a plain form.
import { enhance, on, onEnhance } from "./enhance.js";

const percent = (share) => new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(share);
const part = (form, name) => form.querySelector(`[data-drop-${name}]`);

onEnhance((root) => root.querySelectorAll("[data-drop]").forEach((form) => form.classList.add("is-scripted")));

on("dragover", "[data-drop]", (form, event) => {
  event.preventDefault();
  form.querySelector(".drop-zone").classList.add("is-over");
});
on("dragleave", "[data-drop]", (form, event) => form.contains(event.relatedTarget) || form.querySelector(".drop-zone").classList.remove("is-over"));
on("drop", "[data-drop]", (form, event) => {
  event.preventDefault();
  form.querySelector(".drop-zone").classList.remove("is-over");
  if (!event.dataTransfer.files.length) return;
  form.querySelector("input[type=file]").files = event.dataTransfer.files;
  send(form);
});
on("change", "[data-drop] input[type=file]", (input) => input.files.length && send(input.form));
on("submit", "[data-drop]", (form, event) => {
  if (!form.querySelector("input[type=file]").files.length) return;
  event.preventDefault();
  send(form);
});

function send(form) {
  const file = form.querySelector("input[type=file]").files[0];
  const request = new XMLHttpRequest(); // fetch tells nothing of how far it is
  part(form, "name").textContent = file.name;
  part(form, "progress").hidden = false;
  request.open("POST", form.action);
  request.setRequestHeader("HX-Request", "true");
  request.upload.onprogress = (event) => {
    form.querySelector("progress").value = event.loaded / event.total;
    part(form, "words").textContent = event.loaded < event.total ? percent(event.loaded / event.total) : "…";
  };
  request.onloadend = () => answered(form, request);
  request.send(new FormData(form));
}

function answered(form, request) {
  const to = request.getResponseHeader("HX-Redirect") ?? request.getResponseHeader("X-Sign-In");
  if (to) return location.assign(to.startsWith("/sign-in") ? `${to}?next=${encodeURIComponent(location.pathname)}` : to);
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  const fresh = page.getElementById("upload");
  if (!fresh) return HTMLFormElement.prototype.submit.call(form); // the server's own page says what is wrong
  form.closest("#upload").replaceWith(document.adoptNode(fresh));
  enhance(fresh);
  fresh.querySelector("[role=alert] a, input[type=file]")?.focus();
}
