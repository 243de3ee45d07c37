// What is made of the sources for those who do not compile: scripts, each in one file without dependencies.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

export const HERE = fileURLToPath(new URL(".", import.meta.url));

// A file -> its entry, and the form that its reader asks for.
export const OUTPUTS = {
  "unisono.js": { entry: "src/index.ts", format: "esm" },
};

// Private names begin with `_` and are made short.
export const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  mangleProps: /^_[a-z]/,
  target: "es2022",
  legalComments: "none",
  sourcemap: true,
  logLevel: "warning",
};

// Writes all of them into a folder.
export async function bundle(folder) {
  const all = Object.entries(OUTPUTS);
  await Promise.all(
    all.map(([name, { entry, format, globalName }]) =>
      build({ ...OPTIONS, entryPoints: [entry], outfile: join(folder, name), format, globalName }),
    ),
  );
}
