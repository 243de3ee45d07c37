// How large packages are in a browser: each bundled, made small and packed. `node sizes.mjs FOLDER NAME…` writes {name: bytes}.

import { createRequire } from "node:module";
import { gzipSync } from "node:zlib";

// The one that builds our own.
const { build } = createRequire(new URL("../sdk/typescript/package.json", import.meta.url))("esbuild");
const [resolveDir, ...names] = process.argv.slice(2);
const PACKED = { level: 9 };

async function size(name) {
  const stdin = { contents: `import * as all from "${name}"; globalThis.all = all;`, resolveDir };
  const options = { bundle: true, minify: true, format: "esm", platform: "browser", target: "es2022", legalComments: "none", logLevel: "silent" };
  const { outputFiles } = await build({ stdin, write: false, define: { global: "globalThis", "process.env.NODE_ENV": '"production"' }, ...options });
  return gzipSync(outputFiles[0].contents, PACKED).length;
}

const sizes = {};
for (const name of names) sizes[name] = await size(name);
console.log(JSON.stringify(sizes));
