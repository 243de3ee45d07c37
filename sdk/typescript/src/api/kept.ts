/** Small values that all my sessions share. */

import type { ObjectView } from "../wire/types.ts";
import type { Json } from "./bodies.ts";
import type { Inside } from "./inside.ts";
import type { Camelled } from "./names.ts";
import type { Expecting } from "./objects.ts";
import { paged } from "./pages.ts";

/** What I keep under a name. `revision` grows with each change, `at` is when it was made. */
export type KeptValue = Camelled<ObjectView>;

/**
 * What I keep on the server, under names, for all my devices; `kept` events tell of what my other sessions and tabs change.
 *
 * A value is anything that JSON can carry, up to 64 KiB, a name 1 to 128 characters without control characters. All together have
 * 1 MiB (both settable by the operator).
 */
export class Kept {
  readonly #inside: Inside;

  /** @internal */
  constructor(inside: Inside) {
    this.#inside = inside;
  }

  /** Keeps a value under a name; gives its revision. Throws `Conflict`, `Unacceptable`, and `LimitReached` where there is no room for it. */
  async set(name: string, value: Json, { expect }: Expecting = {}): Promise<number> {
    return (await this.#inside.ask("set_object", { name, value, key: this.#inside.newKey(), expect })).seq;
  }

  /** Keeps nothing under a name any more. Nothing there is no error, unless `expect` says otherwise. */
  async delete(name: string, { expect }: Expecting = {}): Promise<void> {
    await this.#inside.ask("drop_object", { name, key: this.#inside.newKey(), expect });
  }

  /** Asks what I keep under a name; null for nothing. */
  async get(name: string): Promise<KeptValue | null> {
    return (await this.#inside.ask("objects", { only: name })).objects[0] ?? null;
  }

  /** Asks for all I keep, by name. */
  async list(): Promise<readonly KeptValue[]> {
    const found: KeptValue[] = [];
    for await (const page of paged(this.#inside, "objects", {})) found.push(...page.objects);
    return found;
  }
}
