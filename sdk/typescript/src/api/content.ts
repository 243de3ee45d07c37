/** What a program says, as it travels. */

import type { Content, Sayable } from "./bodies.ts";

/** Gives it as it travels: a text, a content, or a body, of whichever copy of this package its class is. */
export function asContent(said: Sayable): Content {
  if (typeof said === "string") return { text: said };
  return "toContent" in said ? said.toContent() : said;
}
