// Idiomorph's extension and htmx's own extensions look for it here.
import htmx from "htmx.org";

window.htmx = htmx;
