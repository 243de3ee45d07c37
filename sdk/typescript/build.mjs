// Builds the package into dist/, or into the folder that is named: `node build.mjs [--out FOLDER]`.
// Says what became how large, as JSON: {"unisono.js": {"file": …, "bytes": …, "gzip": …}, …}; `file` is the name with its hash.

import { execFile } from "node:child_process";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { bundle, ENTRIES, HERE } from "./bundles.mjs";

const { values } = parseArgs({ options: { out: { type: "string", default: join(HERE, "dist") } } });
const OUT = values.out;

async function declare() {
  const types = join(OUT, "types");
  const compiler = join(HERE, "node_modules/typescript/bin/tsc");
  const words = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--stripInternal", "--outDir", types];
  await promisify(execFile)(process.execPath, [compiler, "-p", join(HERE, "tsconfig.browser.json"), ...words]);
  for (const name of await readdir(types, { recursive: true })) {
    if (name.endsWith(".d.ts")) {
      const path = join(types, name);
      // Readers of the package have no `.ts` beside the declarations.
      await writeFile(path, (await readFile(path, "utf8")).replace(/(from "[^"]+|import\("[^"]+)\.ts"/g, '$1.js"'));
    }
  }
}

// What an earlier build left would be packed as well.
await rm(OUT, { recursive: true, force: true });
const [{ later }] = await Promise.all([bundle(OUT), declare()]);
const files = Object.keys(ENTRIES).map((name) => [name, name]);
files.push(...Object.entries(later).map(([name, file]) => [`unisono.${name}-….js`, file]));
const sizes = {};
for (const [name, file] of files) {
  const code = await readFile(join(OUT, file));
  sizes[name] = { file, bytes: code.length, gzip: gzipSync(code, { level: 9 }).length };
}
process.stdout.write(`${JSON.stringify(sizes)}\n`);
