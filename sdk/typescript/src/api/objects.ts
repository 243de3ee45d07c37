/** Objects that all tabs and windows of a session share. */

import type { Desk } from "../core/desk.ts";
import type { ObjectView } from "../core/messages.ts";
import type { Handler } from "./emitter.ts";
import { InvalidArgument, raise } from "./errors.ts";
import type { ObjectChanged } from "./events.ts";

/** What is expected of an object that is to be changed. */
export interface Expecting {
  /** Fails with `Conflict` where its revision is another; 0 where there is to be none yet. */
  readonly expect?: number;
}

/**
 * Named objects that all tabs and windows of a session share: data only, up to 64 KiB each as JSON, names of up to 128 characters.
 * They are kept in this browser over reloads, until the user signs out, the session is closed from another device, or nobody was here for
 * a month; they are nobody else's, and another device does not see them.
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
   * `InvalidArgument` for what is not data (functions, class instances, cycles), before anything is sent; `Unacceptable` for what
   * is too large, `LimitReached` where all together are (1 MiB); `Conflict`.
   */
  async set(name: string, value: unknown, { expect }: Expecting = {}): Promise<number> {
    mustBeData(name, value);
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

/** Throws where a value is something that JSON would lose or change: functions, instances of classes, cycles. */
function mustBeData(name: string, value: unknown): void {
  try {
    JSON.stringify([value], function (this: { [key: string]: unknown }, key) {
      const raw = this[key];
      const isPlain = raw === null || /^(string|boolean)$/.test(typeof raw) || Number.isFinite(raw) || (raw === undefined && !Array.isArray(this));
      if (!isPlain && !(typeof raw === "object" && [Object.prototype, Array.prototype, null].includes(Object.getPrototypeOf(raw) as null))) throw raw;
      return raw;
    });
  } catch {
    throw new InvalidArgument(`${name} is no data`);
  }
}
