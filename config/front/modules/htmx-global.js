// Idiomorph's extension of htmx looks for it here.
import htmx from "htmx.org";

window.htmx = htmx;
