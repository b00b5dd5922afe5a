// Makes src/ioa/web/static/vendor from the pinned packages of package.json: one file an entry, with the licences of
// all that went in. Run `npm ci && npm run vendor` here; `npm run vendor -- --check` only says whether it is current.
import { readFileSync, readdirSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "../../src/ioa/web/static/vendor");
const check = process.argv.includes("--check");
const used = new Set();
/** @type {Map<string, string>} */
const made = new Map();

for (const name of readdirSync(join(here, "entries")).sort()) {
  const result = await esbuild.build({
    entryPoints: [join(here, "entries", name)],
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    charset: "utf8",
    legalComments: "none",
    metafile: true,
    write: false,
    absWorkingDir: here,
  });
  made.set(name, result.outputFiles[0].text);
  for (const path of Object.keys(result.metafile.inputs)) {
    const found = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path);
    if (found) used.add(found[1]);
  }
}

const notices = [...used].sort().map((name) => {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(basename(entry)));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licensed under ${about.license}.`;
  return `${name} ${about.version} (${about.license})\n${"-".repeat(72)}\n${text}\n`;
});
made.set("LICENSES.txt", `The files of this folder are made of these packages.\n\n${notices.join("\n\n")}`);

let stale = false;
mkdirSync(target, { recursive: true });
for (const [name, text] of made) {
  const path = join(target, name);
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  stale = true;
  if (!check) writeFileSync(path, text);
  console.log(`${check ? "stale" : "written"}: ${name}, ${text.length} characters`);
}
process.exitCode = check && stale ? 1 : 0;
