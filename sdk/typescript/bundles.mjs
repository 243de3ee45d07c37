// What is made of the sources for those who do not compile: scripts, each in one file without dependencies.

import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";
import { minify } from "terser";

export const HERE = fileURLToPath(new URL(".", import.meta.url));

// What pages name themselves: a file -> its entry, and the form that its reader asks for.
export const ENTRIES = {
  "unisono.js": { entry: "src/index.ts", format: "esm" },
  "unisono.global.js": { entry: "src/global.ts", format: "iife" },
  "unisono.notices.js": { entry: "src/api/notices.ts", format: "esm" },
  // For `workerUrl` and `importScripts`. From another origin no script may load others by a name beside its own: this one has all in itself.
  "unisono.worker.js": { entry: "src/whole.ts", format: "iife", isWhole: true },
};

// What is loaded later, those that others load first. Names carry a hash: a page of an earlier release, still open, never gets code of
// another one.
export const LATER = {
  polling: { entry: "src/polling.ts", format: "esm" },
  duties: { entry: "src/duties.ts", format: "esm" },
  more: { entry: "src/more.ts", format: "esm" },
  devices: { entry: "src/devices.ts", format: "esm" },
  worker: { entry: "src/worker.ts", format: "iife" },
  holder: { entry: "src/holder.ts", format: "esm" },
};

const PAGE = "unisono.js";
const HASH_LETTERS = 12;

// Names of our own that no program, port, frame or row ever sees; a test looks that they stand nowhere as text.
export const INSIDE = `
  abandoned afterMs askedNow asker askers asking askToken beginLink between buffered catchUp chance clock context course dead down dropObject dropSend emitter endAll
  endSync entropy follows forget fruitless giveUp goOn greet hasRoom isAnnounced isAsked isBehind isDeposed isFresh isHeld isHolder isInStep
  isKnown isLeaving isNew isOwnKey isReading isSettled isSure isWelcome isWhole keepAlive lose losses mayLogInAnew newKey
  nextRead outcomes ownerIsWorker pass patience putBack putObject putOff putSend reach recount refuse regain rejoin requestNow
  resumedAt retire seize sends setObject settle settled setView shelf slow spread stakes stored tabsChanged take takeHeads takePage takeStartOver tryHold
  vanish waitMs wake wall wasLive ways writeSession
`.trim().split(/\s+/);

// Short names of fields that servers and tabs know: nothing of ours is called so.
const OF_OTHERS = ["at", "by", "do", "id", "is", "me", "n", "of", "on", "op", "re", "to", "v"];

// Private names begin with `_`; they and those are made short.
export const OPTIONS = {
  absWorkingDir: HERE,
  bundle: true,
  minify: true,
  mangleProps: new RegExp(`^_[a-z]|^(${INSIDE.join("|")})$`),
  // A field that is only declared needs no code.
  tsconfigRaw: { compilerOptions: { useDefineForClassFields: false } },
  target: "es2022",
  legalComments: "none",
  sourcemap: true,
  logLevel: "warning",
};

// What comes out of that is gone over once more: 3 to 5 % of what is compressed. Reading a field may have effects, and no function here is used
// as a class; names of fields are the other's business. Compressed, what is written the same way each time is smaller than what is short.
const SMALLER = {
  ecma: 2022,
  toplevel: true,
  mangle: true,
  compress: { ecma: 2022, passes: 3, inline: 1, lhs_constants: false, pure_getters: false, unsafe_arrows: true, if_return: false },
};

// A script by itself is a module that imports and exports nothing, in a scope of its own: made as `iife`, it would bring along what `require` takes.
const ALONE = { banner: { js: "(()=>{" }, footer: { js: "})();" } };

// Options of a script that loads later what lies in `folder`: a page that shares a worker's session never loads the code of the holder,
// one that uploads nothing and watches nobody not the code for that, and few need long polling. All give the same short names: what
// is private to us may well pass from one file to another.
export function apart(folder, { later, short }) {
  const setup = ({ onResolve }) => {
    onResolve({ filter: new RegExp(`/(${Object.keys(LATER).join("|")})\\.ts$`) }, ({ kind, path }) => {
      return kind === "dynamic-import" ? { path: `${folder}${later[basename(path, ".ts")]}`, external: true } : undefined;
    });
  };
  const define = Object.fromEntries(Object.entries(later).map(([name, file]) => [`FILES.${name}`, JSON.stringify(`${folder}${file}`)]));
  return { plugins: [{ name: "apart", setup }], define, mangleCache: short };
}

// Makes one script; gives its code and its map, and notes the names that were made short.
async function make(folder, { name, entry, format, isWhole = false }, names, more) {
  const { plugins, ...rest } = apart("./", names);
  const shape = { format: "esm", ...(format === "iife" && ALONE) };
  const options = { ...OPTIONS, ...rest, ...shape, entryPoints: [entry], outfile: join(folder, `${name}.js`), sourcemap: "external", write: false };
  const { outputFiles, mangleCache } = await build({ ...options, plugins: isWhole ? more : [...plugins, ...more] });
  Object.assign(names.short, mangleCache);
  return [".js", ".map"].map((end) => outputFiles.find(({ path }) => path.endsWith(end)).text);
}

// Writes one script into a folder; gives its name. The hash is of the code alone, so that the same sources give the same names
// wherever they are built.
async function write(folder, { name, ...script }, names, more) {
  const [made, content] = await make(folder, { name, ...script }, names, more);
  const { code, map } = await minify(made, { ...SMALLER, module: script.format === "esm", sourceMap: { content, asObject: true } });
  // What a worker loads later it is told by its page: another release of that is another worker.
  const beside = name === "worker" ? Object.values(names.later).join() : "";
  const hash = createHash("sha256").update(code + beside).digest("hex").slice(0, HASH_LETTERS);
  const file = name in LATER ? `unisono.${name}-${hash}.js` : name;
  await writeFile(join(folder, file), `${code}\n//# sourceMappingURL=${file}.map\n`);
  await writeFile(join(folder, `${file}.map`), JSON.stringify(map));
  return file;
}

// Writes all of them into a folder; gives the names of what is loaded later, {"worker": "unisono.worker-….js", …}, and the short names
// that all have in common. `more` are plugins besides.
export async function bundle(folder, more = []) {
  await mkdir(folder, { recursive: true });
  const names = { later: {}, short: Object.fromEntries(OF_OTHERS.map((name) => [name, false])) };
  // What is bounded most tightly has the shortest names, then what every page loads; that is written when it is known what it loads later.
  await make(folder, { name: "worker", ...LATER.worker }, names, more);
  await make(folder, { name: PAGE, ...ENTRIES[PAGE] }, names, more);
  for (const [name, script] of Object.entries(LATER)) {
    names.later[name] = await write(folder, { name, ...script }, names, more);
  }
  for (const [name, script] of Object.entries(ENTRIES)) {
    await write(folder, { name, ...script }, names, more);
  }
  return names;
}
