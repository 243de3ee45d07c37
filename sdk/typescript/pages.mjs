// Builds what the server serves to browsers: `node pages.mjs --out FOLDER` makes FOLDER/sdk, FOLDER/demo and FOLDER/examples.

import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

import { build } from "esbuild";

import { apart, bundle, HERE, OPTIONS } from "./bundles.mjs";

const { values } = parseArgs({ options: { out: { type: "string" } } });
const DEMO = join(HERE, "demo");
const EXAMPLES = join(HERE, "examples");
const LETTERS = 12;

// The scripts and styles have names that carry a hash, by which browsers keep them for ever; the page names them.
async function demo(folder, shared) {
  const made = await build({
    ...OPTIONS,
    ...apart("/sdk/", shared),
    entryPoints: { main: join(DEMO, "src/main.ts"), style: join(DEMO, "style.css") },
    entryNames: `[name]-[hash]`,
    assetNames: `[name]-[hash]`,
    loader: { ".svg": "file" },
    format: "esm",
    metafile: true,
    outdir: folder,
    sourcemap: false,
  });
  const names = {};
  for (const [path, { entryPoint }] of Object.entries(made.metafile.outputs)) {
    if (entryPoint !== undefined) {
      names[entryPoint.split("/").at(-1).replace(".ts", ".js")] = path.split("/").at(-1);
    }
  }
  return names;
}

async function page(folder, names) {
  let text = await readFile(join(DEMO, "index.html"), "utf8");
  for (const [plain, hashed] of Object.entries(names)) {
    text = text.replaceAll(`"${plain}"`, `"/demo/${hashed}"`);
  }
  const icon = await readFile(join(DEMO, "icon.svg"));
  const name = `icon-${createHash("sha256").update(icon).digest("hex").slice(0, LETTERS)}.svg`;
  await writeFile(join(folder, name), icon);
  await writeFile(join(folder, "index.html"), text.replaceAll('"icon.svg"', `"/demo/${name}"`));
}

// To be read where they run: each script is as long as it is written, and takes the SDK from where it is served.
async function examples(folder) {
  const names = await readdir(EXAMPLES);
  const scripts = names.filter((name) => name.endsWith(".html") && name !== "index.html").map((name) => name.replace(".html", ".ts"));
  await Promise.all([
    build({
      ...OPTIONS,
      minify: false,
      mangleProps: undefined,
      sourcemap: false,
      plugins: [served],
      entryPoints: scripts.map((name) => join(EXAMPLES, "src", name)),
      format: "esm",
      outdir: folder,
    }),
    ...names.filter((name) => /\.(html|css)$/.test(name)).map((name) => copyFile(join(EXAMPLES, name), join(folder, name))),
  ]);
}

const served = {
  name: "served",
  setup: ({ onResolve }) => onResolve({ filter: /\/src\/index\.ts$/ }, () => ({ path: "/sdk/unisono.js", external: true })),
};

const out = resolve(values.out);
const folders = { sdk: join(out, "sdk"), demo: join(out, "demo"), examples: join(out, "examples") };
for (const folder of Object.values(folders)) {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
}
await page(folders.demo, await demo(folders.demo, await bundle(folders.sdk)));
await examples(folders.examples);
