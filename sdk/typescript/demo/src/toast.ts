/** A word for a moment, where what it is about has no place of its own on the page. */

import { h } from "./dom.ts";
import { problemOf } from "./words.ts";

const SHOWN_MS = 6000;

/** Does something; what goes wrong is said. */
export function attempt(act: () => Promise<unknown>): void {
  act().catch((problem: unknown) => toast(problemOf(problem)));
}

/** Says something for some seconds. */
export function toast(words: string): void {
  const said = h("p", { class: "toast", attributes: { role: "alert" } }, words);
  for (const before of document.querySelectorAll(".toast")) before.remove();
  document.body.append(said);
  setTimeout(() => said.remove(), SHOWN_MS);
}
