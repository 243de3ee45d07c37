// What is made of the sources for those who do not compile: scripts, each in one file without dependencies.

import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

export const HERE = fileURLToPath(new URL(".", import.meta.url));

// A file -> its entry, and the form that its reader asks for.
export const OUTPUTS = {
  "unisono.js": { entry: "src/index.ts", format: "esm" },
  "unisono.global.js": { entry: "src/global.ts", format: "iife" },
  "unisono.holder.js": { entry: "src/holder.ts", format: "esm" },
  "unisono.worker.js": { entry: "src/worker.ts", format: "iife" },
};

// A page that shares a worker's session never loads the code of the holder: it stays a file beside the others.
export const holderApart = (path) => ({
  name: "holder-apart",
  setup: (build) => {
    build.onResolve({ filter: /\/holder\.ts$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
});

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
      build({ ...OPTIONS, plugins: [holderApart("./unisono.holder.js")], entryPoints: [entry], outfile: join(folder, name), format, globalName }),
    ),
  );
}
