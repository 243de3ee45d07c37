/** What few pages need, brought at its first use; in one place, so that each file is named once. */

import type { Devices } from "./devices.ts";
import type { Inside } from "./inside.ts";

/** Gives the code of `more.ts`. */
export const more = (): Promise<typeof import("./more.ts")> => import("./more.ts");

/** Gives what a client has of `devices.ts`. */
export async function devices(inside: Inside): Promise<Devices> {
  const { Devices } = await import("./devices.ts");
  return (inside._devices ??= new Devices(inside));
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
