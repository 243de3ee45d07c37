/** Small values that all my sessions share. */

import type { ObjectView } from "../wire/types.ts";
import type { Json } from "./bodies.ts";
import type { Inside } from "./inside.ts";
import { lately } from "./late.ts";
import type { Camelled } from "./names.ts";
import type { Expecting } from "./objects.ts";

/** What I keep under a name. `revision` grows with each change, `at` is when it was made. */
export type KeptValue = Camelled<ObjectView>;

/** What is brought at its first use. */
export interface Kept {
  /** Keeps a value under a name; gives its revision. Throws `Conflict`, `Unacceptable`, and `LimitReached` where there is no room for it. */
  set(name: string, value: Json, expecting?: Expecting): Promise<number>;
  /** Keeps nothing under a name any more. Nothing there is no error, unless `expect` says otherwise. */
  delete(name: string, expecting?: Expecting): Promise<void>;
  /** Asks what I keep under a name; null for nothing. */
  get(name: string): Promise<KeptValue | null>;
  /** Asks for all I keep, by name. */
  list(): Promise<readonly KeptValue[]>;
}

/**
 * What I keep on the server, under names, for all my devices; `kept` events tell of what my other sessions and tabs change.
 *
 * A value is anything that JSON can carry, up to 64 KiB, a name 1 to 128 characters without control characters. All together have
 * 1 MiB (both settable by the operator).
 */
export class Kept {
  static {
    lately(this, "kept", "set delete get list");
  }

  /** @internal */
  readonly _inside: Inside;

  /** @internal */
  constructor(inside: Inside) {
    this._inside = inside;
  }
}
