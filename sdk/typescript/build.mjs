// Builds the package into dist/, or into the folder that is named: `node build.mjs [--out FOLDER]`.
// Says what became how large, as JSON: {"unisono.js": {"bytes": …, "gzip": …}, …}.

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { bundle, HERE, OUTPUTS } from "./bundles.mjs";

const { values } = parseArgs({ options: { out: { type: "string", default: join(HERE, "dist") } } });
const OUT = values.out;

async function declare() {
  const types = join(OUT, "types");
  await rm(types, { recursive: true, force: true });
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

await mkdir(OUT, { recursive: true });
await Promise.all([declare(), bundle(OUT)]);
const sizes = {};
for (const name of Object.keys(OUTPUTS)) {
  const code = await readFile(join(OUT, name));
  sizes[name] = { bytes: code.length, gzip: gzipSync(code, { level: 9 }).length };
}
process.stdout.write(`${JSON.stringify(sizes)}\n`);
