/** Objects that all tabs and windows of a session share. */

import type { Desk } from "../core/desk.ts";
import type { ObjectView } from "../core/messages.ts";
import type { Handler } from "./emitter.ts";
import { InvalidArgument, errorOf } from "./errors.ts";
import type { ObjectChanged } from "./events.ts";

declare class TextEncoder {
  encode(text: string): Uint8Array;
}

const NAME_MAX = 128;
const BYTES_MAX = 64 * 1024;
const DEPTH_MAX = 32;

/** What is expected of an object that is to be changed. */
export interface Expecting {
  /** Fails with `Conflict` where its revision is another; 0 where there is to be none yet. */
  readonly expect?: number;
}

/**
 * Named objects that all tabs and windows of a session share: data only, up to 64 KiB each as JSON, names of up to 128 characters.
 * They are kept in this browser over reloads, until the user signs out, and are nobody else's; another device does not see them.
 */
export class Objects {
  readonly #desk: () => Desk;
  readonly #on: (handler: Handler<ObjectChanged>) => () => void;

  /** @internal */
  constructor(desk: () => Desk, on: (handler: Handler<ObjectChanged>) => () => void) {
    this.#desk = desk;
    this.#on = on;
  }

  /**
   * Sets an object for all tabs; gives its revision, from 1. Each tab hears an `object` event, this one too. Throws
   * `InvalidArgument` for what is not data (functions, class instances, cycles) or is too large, before anything is sent; `Conflict`.
   */
  async set(name: string, value: unknown, { expect }: Expecting = {}): Promise<number> {
    if (!name || name.length > NAME_MAX) throw new InvalidArgument(`an object's name has 1 to ${NAME_MAX} characters`);
    mustBeData(value, name, DEPTH_MAX, []);
    const bytes = new TextEncoder().encode(JSON.stringify(value)).length;
    if (bytes > BYTES_MAX) throw new InvalidArgument(`${name} has ${bytes} bytes, ${BYTES_MAX} are the most`, { numbers: { bytes, limit: BYTES_MAX } });
    return this.#desk().setObject(name, value, expect).catch(raise);
  }

  /** Gives an object; undefined where nobody set it. */
  get(name: string): unknown {
    return this.find(name)?.value;
  }

  /** Gives an object with its revision and the tab that set it last; null where nobody set it. */
  find(name: string): ObjectView | null {
    return this.#desk().objects.get(name) ?? null;
  }

  /** Lists all objects. */
  list(): readonly ObjectView[] {
    return [...this.#desk().objects.values()];
  }

  /** Takes an object away. One that is not there is no error. */
  async delete(name: string, { expect }: Expecting = {}): Promise<void> {
    return this.#desk().dropObject(name, expect).catch(raise);
  }

  /** Calls when any tab sets or takes away an object, or the one of a name; gives what ends that. */
  on(handler: Handler<ObjectChanged>, name?: string): () => void {
    return this.#on((event) => (name === undefined || event.name === name ? handler(event) : undefined));
  }
}

function raise(fault: unknown): never {
  throw errorOf(fault);
}

function mustBeData(value: unknown, at: string, depth: number, around: readonly unknown[]): void {
  if (value === null || typeof value === "boolean" || typeof value === "string" || Number.isFinite(value)) return;
  const isObject = typeof value === "object" && (Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value) as null));
  if (!isObject || around.includes(value)) throw new InvalidArgument(`${at} is no data, or has itself in it`);
  if (!depth) throw new InvalidArgument(`${at} lies too deep: ${DEPTH_MAX} levels are the most`);
  for (const [key, inner] of Object.entries(value as object)) {
    if (inner !== undefined) mustBeData(inner, `${at}.${key}`, depth - 1, [...around, value]);
  }
}
