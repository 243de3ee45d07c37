/** Who somebody is, at a glance. */

import { h } from "./dom.ts";
import { hueOf, initial } from "./words.ts";

/** A circle with the first letter of a name. */
export function avatar(name: string, isOnline = false): HTMLElement {
  return h("span", { class: `avatar hue-${hueOf(name)}${isOnline ? " online" : ""}`, attributes: { "aria-hidden": "true" } }, initial(name));
}
