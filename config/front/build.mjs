// Builds what browsers load into config/static/dist: scripts (each entry and the chunks it loads later), styles with
// their fonts, the sprite of the icons that are used, and a gzipped copy of each, which WhiteNoise serves.
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = new URL(".", import.meta.url).pathname;
const place = new URL("../static/dist", import.meta.url).pathname;
const out = `${place}-${process.pid}/`; // takes the place of the last build when it is whole
const shared = { bundle: true, minify: true, outdir: out, logLevel: "warning", target: "es2022", legalComments: "linked" };

await build({
  ...shared,
  entryPoints: [`${here}app.js`],
  format: "esm",
  splitting: true,
  chunkNames: "chunks/[name]-[hash]",
});
// Before the first paint, so it is no module: those wait.
await build({ ...shared, entryPoints: [`${here}theme.js`], format: "iife" });
await build({ ...shared, entryPoints: [`${here}app.css`], loader: { ".woff2": "file" }, assetNames: "fonts/[name]" });
writeFileSync(`${out}icons.svg`, sprite(readFileSync(`${here}icons.txt`, "utf8")));
for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
  const path = `${entry.parentPath ?? entry.path}/${entry.name}`;
  if (entry.isFile() && /\.(js|css|svg)$/.test(entry.name)) writeFileSync(`${path}.gz`, gzipSync(readFileSync(path), { level: 9 }));
}
if (existsSync(place)) renameSync(place, `${out.slice(0, -1)}-old`);
renameSync(out, place);
rmSync(`${out.slice(0, -1)}-old`, { recursive: true, force: true });

/** One SVG with a symbol for each name, one a line: `name`, or `name = file` when the file is called otherwise. */
function sprite(list) {
  const lines = list.split("\n").map((line) => line.replace(/#.*/, "").trim()).filter(Boolean);
  const symbols = lines.map((line) => {
    const [name, file = name] = line.split(/\s*=\s*/);
    const svg = readFileSync(new URL(`../../node_modules/@tabler/icons/icons/outline/${file}.svg`, import.meta.url), "utf8");
    const inner = svg.replace(/<!--[\s\S]*?-->/g, "").replace(/^[\s\S]*?<svg[^>]*>|<\/svg>\s*$/g, "").trim();
    return `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round">${inner}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}
