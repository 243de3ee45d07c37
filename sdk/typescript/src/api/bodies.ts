/**
 * What messages say, as classes: the built-in kinds, and the base of a program's own.
 *
 * On the wire a message has a `Content`. A body is the same with names and types: fields other than `text`, `attributes` and
 * `binary` travel in the content's `data` under their own names.
 */

import { InvalidArgument } from "./errors.ts";

/** Any value that JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** An object of the application's own. Values that are undefined do not travel. */
export interface Attributes {
  readonly [key: string]: Json | undefined;
}

/** What a message says, as it travels. `type` is negative for built-in kinds (-1, a text, unless told), positive for the application's own. */
export interface Content {
  readonly type?: number | undefined;
  readonly text?: string | undefined;
  /** Go with any type. */
  readonly attributes?: Attributes | undefined;
  /** Belongs to the type, and so does `binary`. */
  readonly data?: Attributes | undefined;
  readonly binary?: Uint8Array | undefined;
}

/** What any body may have. */
export interface Common {
  readonly text?: string | undefined;
  readonly attributes?: Attributes | undefined;
  readonly binary?: Uint8Array | undefined;
}

/** What kind of value a field has to have; `any` for one that only has to be there. */
export type Needed = "string" | "number" | "boolean" | "object" | "any";

const OWN = ["text", "attributes", "binary"] as const;
const NUMBER_MAX = 2 ** 31 - 1;

/** What a message says. See `body` for how to make a class of one's own. */
export class Body implements Common {
  /** The type number: negative for the built-in ones, positive for a program's own. */
  static readonly number: number = 0;
  /** Fields that have to be there to read one; what comes without them is `Unknown`. */
  static readonly needs: { readonly [field: string]: Needed } = {};
  declare readonly text?: string;
  declare readonly attributes?: Attributes;
  declare readonly binary?: Uint8Array;

  constructor(fields: Common = {}) {
    Object.assign(this, fields);
  }

  /** Gives it as it travels. */
  toContent(): Content {
    const { text, attributes, binary, ...data } = this as unknown as Common & Attributes;
    const given = Object.entries({ text, attributes, binary, data: Object.keys(data).length ? data : undefined });
    return { type: (this.constructor as BodyClass).number, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
  }
}

/** A class of bodies that can be registered. */
export interface BodyClass {
  readonly number: number;
  readonly needs: { readonly [field: string]: Needed };
  new (fields: never): Body;
}

type Made<Fields extends object, Base extends Body> = {
  readonly number: number;
  readonly needs: { readonly [field: string]: Needed };
  new (fields: Fields & Common & Omit<Base, keyof Body>): Base & Readonly<Fields>;
};

/**
 * Makes the base of a class of bodies with a type number of its own, 1 to 2,147,483,647.
 *
 * `needs` names the fields that have to be there, with the kind of their value; `base` is another class of bodies whose fields
 * it has, too. Do not declare fields in the class itself: they come from `Fields`.
 *
 * @example
 * class Poll extends body<{ question: string; options?: readonly string[] }>(1, { question: "string" }) {}
 */
export function body<Fields extends object, Base extends Body = Body>(
  number: number, needs: { readonly [Name in keyof Fields]?: Needed } = {}, base: { readonly needs: object; new (fields: never): Base } = Body as never,
): Made<Fields, Base> {
  const made = class extends (base as unknown as typeof Body) {
    static override readonly number = number;
    static override readonly needs = { ...base.needs, ...needs } as { [field: string]: Needed };
  };
  return made as unknown as Made<Fields, Base>;
}

/** A file that lies elsewhere. `size` is in bytes, `width` and `height` in pixels, `duration` in seconds. */
export interface Attachment {
  readonly url: string;
  readonly name?: string;
  /** A media type. */
  readonly mime?: string;
  readonly size?: number;
  readonly width?: number;
  readonly height?: number;
  readonly duration?: number;
  /** What the store of files calls it. */
  readonly id?: string;
}

/** A text. */
export class Text extends body<{ readonly text: string }>(-1, { text: "string" }) {}
/** A file, `text` beside it. */
export class File extends body<{ readonly file: Attachment }>(-6, { file: "object" }) {}
/** An image. */
export class Image extends body<object, File>(-2, {}, File) {}
/** A recording of sound. */
export class Audio extends body<object, File>(-3, {}, File) {}
/** A recording of pictures. */
export class Video extends body<object, File>(-4, {}, File) {}
/** A place, in degrees (WGS 84). */
export class Location extends body<{ readonly latitude: number; readonly longitude: number }>(-5, { latitude: "number", longitude: "number" }) {}

/** A body of a type that nobody registered, or one that could not be read; then `reason` says why. */
export class Unknown extends Body {
  readonly content: Content;
  readonly reason: string | undefined;

  constructor(content: Content, reason?: string) {
    const { text, attributes } = content;
    super({ text, attributes });
    this.content = content;
    this.reason = reason;
  }

  /** Gives it as it came. */
  override toContent(): Content {
    return this.content;
  }
}

/** What can be said: a text, a content, or a body. */
export type Sayable = string | Content | Body;

/** The classes that a program knows, by their type numbers. */
export class Bodies {
  readonly #classes = new Map<number, BodyClass>([Text, Image, Audio, Video, Location, File].map((known) => [known.number, known]));

  /** Knows classes made with `body`; the last one of a number counts. Throws `InvalidArgument` where one has no number of its own. */
  register(...bodies: readonly BodyClass[]): void {
    for (const { number, name } of bodies as readonly (BodyClass & { name: string })[]) {
      if (!Number.isInteger(number) || number < 1 || number > NUMBER_MAX) throw new InvalidArgument(`${name} has no number of its own`);
    }
    for (const known of bodies) this.#classes.set(known.number, known);
  }

  /** Gives what came as one of the known classes, or as `Unknown`. */
  parse(content: Content): Body {
    const known = this.#classes.get(content.type ?? -1);
    if (!known) return new Unknown(content);
    const fields: { [name: string]: unknown } = { ...content.data };
    for (const name of OWN) if (content[name] !== undefined) fields[name] = content[name];
    for (const [name, kind] of Object.entries(known.needs)) {
      const value = fields[name];
      if (value == null || (kind !== "any" && typeof value !== kind)) return new Unknown(content, `${name} is no ${kind}`);
    }
    try {
      return new known(fields as never);
    } catch (problem) {
      return new Unknown(content, String(problem));
    }
  }
}
