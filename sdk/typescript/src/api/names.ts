/** Names of fields, from the wire's `snake_case` to the program's `camelCase` and back, with the types in step. */

declare function atob(text: string): string;
declare function btoa(text: string): string;

type Camel<S extends string> = S extends `${infer First}_${infer Rest}` ? `${First}${Capitalize<Camel<Rest>>}` : S;

/** Fields whose insides are the application's, or have the wire's own form: nothing in them is renamed. */
type Free = "attributes" | "data" | "push" | "set" | "amend" | "where" | "value";
const FREE = new Set<string>(["attributes", "data", "push", "set", "amend", "where", "value"] satisfies Free[]);

/** A value of the wire as programs see it: names in camelCase, bytes as bytes. */
export type Camelled<T> = T extends readonly (infer Each)[]
  ? readonly Camelled<Each>[]
  : T extends object
    ? { readonly [K in keyof T as K extends string ? Camel<K> : never]: K extends Free ? T[K] : K extends "binary" ? Uint8Array | Extract<T[K], undefined> : Camelled<T[K]> }
    : T;

type Plain = { readonly [name: string]: unknown };

/** Gives a value of the wire as programs see it. Null, which means the same as nothing there, is left out. */
export function camel<T>(value: T): Camelled<T> {
  return renamed(value, camelName) as Camelled<T>;
}

/** Gives a name of the wire as programs write it. */
export function camelName(name: string): string {
  return name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** Gives a program's value as it stands on the wire; what is null or undefined is left out. */
export function snake(value: Plain): Plain {
  return renamed(value, (name) => name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase())) as Plain;
}

function renamed(value: unknown, name: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => renamed(each, name));
  if (typeof value !== "object" || !value) return value;
  const result: { [name: string]: unknown } = {};
  for (const [key, inner] of Object.entries(value)) {
    // A kept value may be null.
    if (inner === undefined || (inner === null && key !== "value")) continue;
    result[name(key)] = FREE.has(key) ? inner : key === "binary" ? turned(inner) : renamed(inner, name);
  }
  return result;
}

/** Bytes are base64 on the wire, and bytes for programs. */
function turned(binary: unknown): unknown {
  if (typeof binary === "string") return Uint8Array.from(atob(binary), (letter) => letter.charCodeAt(0));
  return btoa(Array.from(binary as Uint8Array, (byte) => String.fromCharCode(byte)).join(""));
}
