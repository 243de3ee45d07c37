/** Whether what came from a tab is what it says: by a wrong word of one tab all the others would suffer. */

import type { FromTabEnvelope } from "./messages.ts";

interface Fields { readonly [field: string]: unknown }

const isObject = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const isNumber = Number.isFinite;
const isList = (each: (value: unknown) => boolean) => (value: unknown): boolean => Array.isArray(value) && value.every(each);
const isOp = (value: unknown): boolean => isObject(value) && isNumber(value["n"]) && isObject(value["do"]);
const isClaim = isList((value) => typeof value === "string");

/** What is read for more tabs than the one that said it. */
const FIELDS: { readonly [is: string]: { readonly [field: string]: (value: unknown) => boolean } } = {
  hello: {
    since: isNumber,
    wish: isObject,
    view: isObject,
    unanswered: isList(isOp),
    claims: (value) => value === undefined || isList(isClaim)(value),
    cursor: (value) => value === null || (isObject(value) && isObject(value["positions"]) && Object.values(value["positions"]).every(isObject)),
  },
  command: { n: isNumber, do: isObject },
  view: { view: isObject },
  object: { n: isNumber, name: (value) => typeof value === "string" },
  claim: { n: isNumber, claim: isClaim },
  release: { claim: isClaim },
  seen: { upTo: isNumber },
  heard: { id: (value) => typeof value === "string" },
  "sign-out": { n: isNumber },
};

/** Says so; a tab of another release may say more. */
export function isSound({ tab, message }: FromTabEnvelope): boolean {
  const said: unknown = message;
  return typeof tab === "string" && isObject(said) && Object.entries(FIELDS[String(said["is"])] ?? {}).every(([field, isRight]) => isRight(said[field]));
}
