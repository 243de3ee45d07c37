// Builds the package into dist/, or into the folder that is named: `node build.mjs [--out FOLDER]`.
// Says what became how large, as JSON: {"unisono.js": {"bytes": …, "gzip": …}, …}.

import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { gzipSync } from "node:zlib";

import { build } from "esbuild";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string", default: join(HERE, "dist") } } });
const OUT = values.out;

// A file of dist/ -> its entry, and the form that its reader asks for. Private names begin with `_` and are made short.
const OUTPUTS = {
  "unisono.js": { entry: "src/index.ts", format: "esm" },
};

async function bundle(name, { entry, format, globalName }) {
  await build({
    absWorkingDir: HERE,
    entryPoints: [entry],
    outfile: join(OUT, name),
    bundle: true,
    format,
    globalName,
    minify: true,
    mangleProps: /^_[a-z]/,
    target: "es2022",
    legalComments: "none",
    sourcemap: true,
    logLevel: "warning",
  });
}

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
await Promise.all([declare(), ...Object.entries(OUTPUTS).map(([name, output]) => bundle(name, output))]);
const sizes = {};
for (const name of Object.keys(OUTPUTS)) {
  const code = await readFile(join(OUT, name));
  sizes[name] = { bytes: code.length, gzip: gzipSync(code, { level: 9 }).length };
}
process.stdout.write(`${JSON.stringify(sizes)}\n`);
