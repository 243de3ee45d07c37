/** What few pages need, brought at its first use; in one place, so that each file is named once. */

import { bringing } from "../core/bringing.ts";
import type { Devices } from "./devices.ts";
import type { Inside } from "./inside.ts";

/** The files' names; put in when this is built. */
declare const FILES: { readonly [name: string]: string };

/** Before a file is asked for again that could not be had. */
const AGAIN_MS = 5000;

/** Gives the code of `more.ts`. */
export const more = bringing(() => import("./more.ts"), () => FILES["more"] as string);

const code = bringing(() => import("./devices.ts"), () => FILES["devices"] as string);

/** Gives what a client has of `devices.ts`; where that `isWanted` it is tried for again as long as the client is there. */
export async function devices(inside: Inside, isWanted = false): Promise<Devices> {
  for (;;) {
    try {
      const { Devices } = await code();
      return (inside._devices ??= new Devices(inside));
    } catch (problem) {
      if (!isWanted || inside.over) throw problem;
      await inside.pause(AGAIN_MS);
    }
  }
}

/** Methods as a group of `devices.ts` has them: of an interface, with whom they are of first. */
export type Late<Methods, Self> = {
  readonly [Name in keyof Methods]: Methods[Name] extends (...words: infer Words) => infer Given ? (inside: Inside, self: Self, ...words: Words) => Given : never;
};

/** Gives a class methods of a group of `devices.ts`, which are brought at their first use. A name with `*` behind it is of one that gives several, to be gone through. */
export function lately({ prototype }: { readonly prototype: object }, group: string, names: string): void {
  for (const each of names.split(" ")) {
    const [name = "", isMany] = each.split("*");
    const call = async function (this: { readonly _inside: Inside }, ...words: readonly unknown[]): Promise<unknown> {
      const { methods } = await devices(this._inside);
      return methods[group]?.[name]?.(this._inside, this, ...words);
    };
    const go = async function* (this: { readonly _inside: Inside }, ...words: readonly unknown[]): AsyncGenerator {
      yield* (await call.call(this, ...words)) as AsyncGenerator;
    };
    Object.assign(prototype, { [name]: isMany === undefined ? call : go });
  }
}
