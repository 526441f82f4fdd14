// hx-swap="morph:outerHTML" changes only what differs; what somebody is typing is left to them.
import { Idiomorph } from "idiomorph/dist/idiomorph-ext.esm.js";

Idiomorph.defaults.ignoreActiveValue = true;
