// On a narrow screen the rail opens by its link alone (#rail); this adds Escape and what is read aloud.
const link = document.querySelector("[data-rail-open]");

function tell() {
  link?.setAttribute("aria-expanded", String(location.hash === "#rail"));
}

addEventListener("hashchange", tell);
tell();
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && location.hash === "#rail") {
    location.hash = "#main";
    link.focus();
  }
});
