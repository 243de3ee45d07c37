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
  "unisono.more.js": { entry: "src/api/more.ts", format: "esm" },
  "unisono.notices.js": { entry: "src/api/notices.ts", format: "esm" },
  "unisono.worker.js": { entry: "src/worker.ts", format: "iife" },
};

// What not every page needs stays in files beside the others: a page that shares a worker's session never loads the code
// of the holder, and one that uploads nothing and watches nobody not the code for that.
export const apart = (folder) => ({
  name: "apart",
  setup: (build) => {
    build.onResolve({ filter: /\/(holder|more)\.ts$/ }, ({ kind, path }) => {
      const [, name] = /(\w+)\.ts$/.exec(path);
      return kind === "dynamic-import" ? { path: `${folder}unisono.${name}.js`, external: true } : undefined;
    });
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
      build({ ...OPTIONS, plugins: [apart("./")], entryPoints: [entry], outfile: join(folder, name), format, globalName }),
    ),
  );
}
