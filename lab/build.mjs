/**
 * Guarantee: the package gets index.html, app.js and app.css, and a page that has grown too large
 * does not get built.
 */

import { build } from "esbuild";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const LIMIT = 80 * 1024; // bytes, gzip-compressed, of all that the page loads
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const target = here("../src/shoal/lab/static");

await mkdir(target, { recursive: true });
await build({
  entryPoints: { app: here("src/main.tsx") },
  outdir: target,
  bundle: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  legalComments: "none",
  banner: { js: "/* Contains Preact and @preact/signals: see licences.txt. */" },
  logLevel: "warning",
});
await copyFile(here("src/index.html"), `${target}/index.html`);
// The licence of what the bundle contains asks for its text beside it.
const licences = ["preact", "@preact/signals", "@preact/signals-core"].map(async (name) => {
  const text = await readFile(here(`node_modules/${name}/LICENSE`), "utf8");
  return `${name}\n\n${text}`;
});
await writeFile(`${target}/licences.txt`, (await Promise.all(licences)).join("\n\n"));

let total = 0;
for (const name of ["index.html", "app.js", "app.css"]) {
  const size = gzipSync(await readFile(`${target}/${name}`), { level: 9 }).length;
  total += size;
  console.log(`${name.padEnd(12)} ${String(size).padStart(7)} bytes in gzip`);
}
console.log(`${"in all".padEnd(12)} ${String(total).padStart(7)} of ${LIMIT}`);
if (total > LIMIT) {
  console.error("The page is larger than it may be.");
  process.exitCode = 1;
}
