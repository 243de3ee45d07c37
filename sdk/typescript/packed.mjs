// Looks at the package as those find it who install it: packed, then judged for bundlers (publint) and for compilers (attw).

import { execFile } from "node:child_process";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const HERE = import.meta.dirname;
const NPM = join(dirname(process.execPath), "../lib/node_modules/npm/bin/npm-cli.js");

function run(script, words, cwd = HERE) {
  return new Promise((done) => {
    execFile(process.execPath, [script, ...words], { cwd }, (problem, out, errors) => done({ isWell: !problem, out, text: `${out}${errors}` }));
  });
}

async function judge(folder) {
  await copyFile(join(HERE, "package.json"), join(folder, "package.json"));
  const built = await run(join(HERE, "build.mjs"), ["--out", join(folder, "dist")]);
  const packed = await run(NPM, ["pack", "--ignore-scripts", "--json"], folder);
  if (!built.isWell || !packed.isWell) {
    return [built, packed];
  }
  const file = join(folder, JSON.parse(packed.out)[0].filename);
  return Promise.all([
    run(join(HERE, "node_modules/publint/src/cli.js"), ["run", file, "--strict"]),
    // Programs that `require` it load it by `import()`: it is made of modules alone.
    run(join(HERE, "node_modules/@arethetypeswrong/cli/dist/index.js"), [file, "--profile", "esm-only", "--no-definitely-typed", "--no-color"]),
  ]);
}

const folder = await mkdtemp(join(tmpdir(), "packed-"));
try {
  const wrong = (await judge(folder)).filter(({ isWell }) => !isWell);
  process.stdout.write(wrong.map(({ text }) => text).join("\n"));
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
