/** What I keep on the server, asked for. Loaded at the first use. */

import type { Inside } from "./inside.ts";
import type { Kept, KeptValue } from "./kept.ts";
import type { Late } from "./late.ts";
import { paged } from "./pages.ts";

/** Asks the server. */
export const KEPT: Late<Pick<Kept, "set" | "delete" | "get" | "list">, unknown> = {
  set: async (inside, _, name, value, { expect } = {}) => (await inside.ask("set_object", { name, value, key: inside.newKey(), expect })).seq,
  delete: async (inside, _, name, { expect } = {}) => void (await inside.ask("drop_object", { name, key: inside.newKey(), expect })),
  get: async (inside, _, name) => (await inside.ask("objects", { only: name })).objects[0] ?? null,
  list,
};

async function list(inside: Inside): Promise<readonly KeptValue[]> {
  const found: KeptValue[] = [];
  for await (const page of paged(inside, "objects", {})) found.push(...page.objects);
  return found;
}
