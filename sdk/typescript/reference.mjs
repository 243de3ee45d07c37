// Writes docs/reference/typescript.md to its output: what the package gives, as its doc comments tell it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import ts from "typescript";

const API = fileURLToPath(new URL("src/api", import.meta.url));
const HEAD = `# The browser SDK: reference

Made from the doc comments of the package \`unisono\`. The [guide](../guide/browser-sdk.md) shows how it all works together.
`;
// What is told under another name than it is written.
const SHOWN = { BaseUnisono: "Unisono" };
const PARTS = [
  ["Classes", ts.isClassDeclaration],
  ["Functions", ts.isFunctionDeclaration],
  ["Types", (node) => ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)],
];

const files = new Map();
function file(name) {
  if (!files.has(name)) {
    const text = readFileSync(join(API, name), "utf8");
    files.set(name, ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true));
  }
  return files.get(name);
}

// Name -> the declaration that the package gives under it; `export type *` gives all that a module exports.
function given() {
  const found = new Map([["BaseUnisono", declared("unisono.ts", "BaseUnisono")]]);
  // What `unisono/notices` gives.
  for (const name of exported("notices.ts")) {
    found.set(name, declared("notices.ts", name));
  }
  for (const statement of file("exports.ts").statements.filter(ts.isExportDeclaration)) {
    const from = statement.moduleSpecifier.text;
    const names = statement.exportClause?.elements.map((element) => element.name.text) ?? exported(from);
    for (const name of names) {
      found.set(name, declared(from, name));
    }
  }
  return found;
}

function exported(from) {
  const named = file(from).statements.filter((node) => node.name !== undefined && has(node, ts.SyntaxKind.ExportKeyword));
  return named.map((node) => node.name.text);
}

function declared(from, name) {
  const named = file(from).statements.filter((node) => node.name?.text === name);
  const found = named.find(ts.isClassDeclaration) ?? named[0];
  if (found === undefined) {
    throw new Error(`${from} has no ${name}`);
  }
  return found;
}

function has(node, kind) {
  return (node.modifiers ?? []).some((modifier) => modifier.kind === kind);
}

// The text of a doc comment, on one line; null for what is not for programs.
function told(node) {
  const docs = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
  if (docs.some((doc) => doc.tags?.some((tag) => tag.tagName.text === "internal"))) {
    return null;
  }
  return docs.map((doc) => ts.getTextOfJSDocComment(doc.comment) ?? "").join(" ").replace(/\s*\n\s*\n\s*/g, "\n\n").replace(/(?<!\n)\n(?!\n)/g, " ").trim();
}

function examples(node) {
  const tags = ts.getJSDocTags(node).filter((tag) => tag.tagName.text === "example");
  return tags.map((tag) => `\n\`\`\`ts no-run\n${ts.getTextOfJSDocComment(tag.comment)}\n\`\`\`\n`).join("");
}

const text = (node) => node.getText().replace(/\s*\n\s*/g, " ");

function parameter(node) {
  const isLeftOut = node.initializer !== undefined || node.questionToken !== undefined;
  const name = ts.isObjectBindingPattern(node.name) ? "options" : text(node.name);
  return `${node.dotDotDotToken ? "..." : ""}${name}${isLeftOut ? "?" : ""}: ${typeOf(node)}`;
}

// What is written with a first value alone has the type of that.
function typeOf(node) {
  if (node.type !== undefined) {
    return text(node.type);
  }
  const value = text(node.initializer);
  return /^(true|false)$/.test(value) ? "boolean" : /^[\d_]+$/.test(value) ? "number" : value === '""' ? "string" : value;
}

function signature(node) {
  const name = text(node.name);
  const isStatic = has(node, ts.SyntaxKind.StaticKeyword) ? "static " : "";
  if (ts.isMethodDeclaration(node) || ts.isMethodSignature(node) || ts.isFunctionDeclaration(node)) {
    const variables = node.typeParameters === undefined ? "" : `<${node.typeParameters.map(text).join(", ")}>`;
    return `${isStatic}${name}${variables}(${node.parameters.map(parameter).join(", ")})${node.type === undefined ? "" : `: ${text(node.type)}`}`;
  }
  return `${isStatic}${name}${node.questionToken ? "?" : ""}: ${typeOf(node)}`;
}

// Of a base that is not given itself, the members are told here.
function members(node, known) {
  const clause = node.heritageClauses?.find((each) => each.token === ts.SyntaxKind.ExtendsKeyword);
  const base = clause === undefined ? undefined : text(clause.types[0].expression);
  // What is loaded at its first use stands in an interface of the same name.
  const later = ts.isClassDeclaration(node) ? (merged(node)?.heritageClauses ?? []).flatMap(({ types }) => types).flatMap((type) => members(anywhere(text(type.expression)), known)) : [];
  const beside = ts.isClassDeclaration(node) && merged(node) ? merged(node).members : [];
  const own = [...beside, ...node.members].filter((member) => member.name !== undefined && !ts.isConstructorDeclaration(member) && !ts.isPrivateIdentifier(member.name));
  const shown = own.filter((member) => !ts.isComputedPropertyName(member.name) && !ts.isSetAccessor(member) && !has(member, ts.SyntaxKind.ProtectedKeyword));
  const inherited = base === undefined || known.has(base) || !/^\w+$/.test(base) ? [] : members(anywhere(base), known);
  return [...inherited, ...later, ...shown.map((member) => [signature(member), told(member)]).filter(([, about]) => about !== null)];
}

function merged(node) {
  return node.getSourceFile().statements.find((each) => ts.isInterfaceDeclaration(each) && each.name.text === node.name.text);
}

function anywhere(name) {
  for (const each of readdirSync(API)) {
    const found = file(each).statements.filter((node) => node.name?.text === name && node.members !== undefined);
    if (found.length > 0) {
      return found.find(ts.isClassDeclaration) ?? found[0];
    }
  }
  return { members: [] };
}

function page(name, node, known) {
  const base = node.heritageClauses?.flatMap((clause) => clause.types).map(text).filter((each) => known.has(each.replace(/\W.*/, ""))) ?? [];
  const more = base.length > 0 ? `Extends ${base.map((each) => `\`${each}\``).join(", ")}.\n` : "";
  const lines = [`### ${SHOWN[name] ?? name}\n`, `${told(node) ?? ""}\n`, examples(node), more];
  if (ts.isTypeAliasDeclaration(node)) {
    lines.push(`\`\`\`ts no-run\ntype ${name}${node.typeParameters ? `<${node.typeParameters.map(text).join(", ")}>` : ""} = ${node.type.getText()};\n\`\`\`\n`);
  } else if (ts.isFunctionDeclaration(node)) {
    lines.push(`\`${signature(node)}\`\n`);
  } else {
    lines.push(members(node, known).map(([said, about]) => `- \`${said}\`${about === "" ? "" : `: ${about}`}\n`).join(""));
  }
  return lines.filter((line) => line !== "" && line !== "\n").join("\n");
}

const known = given();
const parts = [HEAD];
for (const [title, isOne] of PARTS) {
  const names = [...known].filter(([, node]) => isOne(node)).sort(([a], [b]) => (SHOWN[a] ?? a).localeCompare(SHOWN[b] ?? b, "en"));
  parts.push(`## ${title}\n`, ...names.map(([name, node]) => page(name, node, known)));
}
process.stdout.write(`${parts.join("\n").trimEnd()}\n`);
