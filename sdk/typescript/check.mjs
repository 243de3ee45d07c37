// The rules of the house for TypeScript: types by the compiler, everything else by what stands in the syntax tree.
// `node check.mjs` checks this package, `node check.mjs rules FOLDER` the rules alone of another one.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const PROJECTS = ["tsconfig.json", "tsconfig.browser.json", "tests/tsconfig.json", "demo/tsconfig.json", "examples/tsconfig.json"];
const MODULE_LINES = 400;
const FUNCTION_LINES = 50;
const NESTING = 3;
const PARAMETERS = 5;
// A folder of src/ -> the folders whose modules may be imported there, besides its own.
const MAY_IMPORT = {
  wire: [],
  core: ["wire"],
  links: ["core", "wire"],
  api: ["core", "wire"],
  host: ["core", "links", "wire"],
  "": ["api", "core", "host", "links", "wire"],
};
const GENERATED = "// Made from";
const BLOCKS = new Set(
  ["If", "For", "ForIn", "ForOf", "While", "Do", "Switch", "Try"].map((name) => ts.SyntaxKind[`${name}Statement`]),
);

async function sources(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts")).sort();
}

async function rules(root) {
  const found = [];
  for (const name of await sources(join(root, "src"))) {
    const path = join(root, "src", name);
    const text = await readFile(path, "utf8");
    if (!text.startsWith(GENERATED)) {
      found.push(...offences(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true), root));
    }
  }
  return found;
}

function offences(file, root) {
  const found = [];
  const path = relative(root, file.fileName);
  const say = (node, text) => {
    const { line } = file.getLineAndCharacterOfPosition(typeof node === "number" ? node : node.getStart(file));
    found.push(`${path}:${line + 1}: ${text}`);
  };
  const lines = file.text.split("\n").length - 1;
  if (lines > MODULE_LINES) {
    say(0, `${lines} lines, at most ${MODULE_LINES}`);
  }
  const visit = (node, depth) => {
    const inner = depthOf(node, depth);
    if (inner > NESTING && inner > depth) {
      say(node, `nested deeper than ${NESTING}`);
    }
    for (const text of faults(node, file, root)) {
      say(node, text);
    }
    ts.forEachChild(node, (child) => visit(child, inner));
  };
  visit(file, 0);
  return found;
}

// `else if` stands beside its `if`, not in it.
function depthOf(node, depth) {
  if (ts.isFunctionLike(node)) {
    return 0;
  }
  const isElseIf = ts.isIfStatement(node) && ts.isIfStatement(node.parent) && node.parent.elseStatement === node;
  return BLOCKS.has(node.kind) && !isElseIf ? depth + 1 : depth;
}

function* faults(node, file, root) {
  if (node.kind === ts.SyntaxKind.AnyKeyword) {
    yield "`any` switches the checks off: `unknown` asks to look";
  }
  if (ts.isNonNullExpression(node) && !hasReason(node, file)) {
    yield "`!` needs its reason in a comment on the same line";
  }
  if (ts.isFunctionLike(node) && node.body !== undefined) {
    yield* sizes(node, file);
  }
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
    yield* imports(node, file, root);
  }
  if (isPublic(node, folderOf(file.fileName, root)) && ts.getJSDocCommentsAndTags(node).length === 0) {
    yield `${node.name?.text ?? "this"} is exported and not explained`;
  }
}

function* sizes(node, file) {
  const [first, last] = [node.getStart(file), node.getEnd()].map((at) => file.getLineAndCharacterOfPosition(at).line);
  if (last - first + 1 > FUNCTION_LINES) {
    yield `a function of ${last - first + 1} lines, at most ${FUNCTION_LINES}`;
  }
  if (node.parameters.length > PARAMETERS) {
    yield `${node.parameters.length} parameters, at most ${PARAMETERS}: name them in an object`;
  }
}

function* imports(node, file, root) {
  const name = node.moduleSpecifier?.text;
  if (name === undefined) {
    return;
  }
  if (!name.startsWith(".")) {
    yield `${name}: nothing is needed but what is here`;
    return;
  }
  const [from, to] = [file.fileName, resolve(dirname(file.fileName), name)].map((path) => folderOf(path, root));
  const isApplication = root !== HERE;
  if (isApplication && to === "..") {
    return;
  }
  if (from !== to && !MAY_IMPORT[from]?.includes(to)) {
    yield `${from || "src"} may not import from ${to || "src"}`;
  }
}

function folderOf(path, root) {
  const parts = relative(join(root, "src"), path).split(sep);
  return parts.length > 1 ? parts[0] : "";
}

function hasReason(node, file) {
  const end = file.text.indexOf("\n", node.getEnd());
  return file.text.slice(node.getEnd(), end < 0 ? undefined : end).includes("//");
}

// Plain data between our own parts is explained where its fields need it.
function isPublic(node, folder) {
  const isDeclared =
    ts.isFunctionDeclaration(node) ||
    ts.isClassDeclaration(node) ||
    (folder === "api" && (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)));
  const modifiers = isDeclared ? (node.modifiers ?? []) : [];
  return modifiers.some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
}

function compile(project) {
  return new Promise((done) => {
    const words = [join(HERE, "node_modules/typescript/bin/tsc"), "--pretty", "false", "-p", join(HERE, project)];
    execFile(process.execPath, words, { cwd: HERE }, (problem, out, errors) => done(problem ? `${out}${errors}` : ""));
  });
}

const [word, folder] = process.argv.slice(2);
const found = await rules(word === "rules" ? resolve(folder) : HERE);
if (word !== "rules") {
  for (const application of ["demo", "examples"]) {
    found.push(...(await rules(join(HERE, application))));
  }
  for (const project of PROJECTS) {
    found.push(...(await compile(project)).split("\n").filter(Boolean));
  }
}
process.stdout.write(found.map((line) => `${line}\n`).join(""));
process.exitCode = found.length > 0 ? 1 : 0;
