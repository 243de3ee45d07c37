/** The hooks of plugins that all that comes goes through. Loaded where a plugin has some. */

import type { Clock } from "../core/ports.ts";
import { report } from "./emitter.ts";
import type { Plugin } from "./plugins.ts";

/** For one hook and one message: what comes after it waits, and so may the connection of all tabs. */
const HOOK_MS = 10_000;

/** Lets a value go through the hooks of one name; one that fails, gives something else or does not come back in time is reported and left out. */
export async function through<T>(plugins: readonly Plugin[], hook: "beforeParse" | "afterParse", first: T, { clock, isGood }: { readonly clock: Clock; isGood(value: unknown): boolean }): Promise<T> {
  let value = first;
  for (const plugin of plugins) {
    try {
      const changed: unknown = plugin[hook] ? await inTime(clock, plugin[hook](value as never)) : value;
      if (!isGood(changed)) throw new TypeError(`it gave ${String(changed)}`);
      value = changed as T;
    } catch (problem) {
      report(`${hook} of the plugin ${plugin.name}`, problem);
    }
  }
  return value;
}

function inTime(clock: Clock, work: unknown): Promise<unknown> {
  return new Promise((give, fail) => {
    const off = clock.after(HOOK_MS, () => fail(new RangeError(`it gave nothing in ${HOOK_MS} ms`)));
    void Promise.resolve(work).then(give, fail).then(off);
  });
}
