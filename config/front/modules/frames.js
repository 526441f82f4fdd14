// <iframe data-fit="640">: as wide as that to what is in it, and drawn smaller where there is less room.
import { onEnhance } from "./enhance.js";

function fit(frame) {
  const room = frame.parentElement;
  const scale = Math.min(1, room.clientWidth / Number(frame.dataset.fit));
  frame.style.width = `${room.clientWidth / scale}px`;
  frame.style.height = `${Number(frame.dataset.height ?? room.clientHeight) / scale}px`;
  frame.style.transform = `scale(${scale})`;
}

onEnhance((root) => {
  for (const frame of root.querySelectorAll("iframe[data-fit]")) new ResizeObserver(() => fit(frame)).observe(frame.parentElement);
});
