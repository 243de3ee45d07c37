/** Attributes of a conversation, changed by paths such as `attr.place.city`. */

import type { Attributes, Json } from "./bodies.ts";

/** Gives attributes after a change that the server accepted: first `unset` is taken out, then `set` is put in. */
export function changed(attributes: Attributes, set: Attributes = {}, unset: readonly string[] = []): Attributes {
  let result = attributes;
  for (const path of unset) result = put(result, path.split(".").slice(1), undefined);
  for (const [path, value] of Object.entries(set)) result = put(result, path.split(".").slice(1), value);
  return result;
}

function put(value: Attributes, [first = "", ...rest]: readonly string[], to: Json | undefined): Attributes {
  const inner = value[first];
  if (!rest.length) {
    const { [first]: _, ...others } = value;
    return to === undefined ? others : { ...value, [first]: to };
  }
  const isObject = typeof inner === "object" && inner !== null && !Array.isArray(inner);
  if (!isObject && to === undefined) return value;
  // A value in the way is one that this tab has not seen change yet; the server has.
  return { ...value, [first]: put(isObject ? (inner as Attributes) : {}, rest, to) as Json };
}
