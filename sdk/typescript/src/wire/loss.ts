/** Why a link ended, and what follows from it: docs/protocol/codes.md. */

import { CODES } from "./codes.ts";
import type { Advice } from "./codes.ts";
import type { Bye, Label, Refusal } from "./types.ts";

/** The end of a link. `newcomer` is the device that took the place, when one did. */
export interface Loss {
  readonly code: string;
  readonly message: string;
  readonly advice: Advice;
  readonly retryAfterMs?: number | undefined;
  readonly newcomer?: Label | undefined;
  readonly numbers?: Refusal["numbers"];
}

/** The code of a link that broke without a word. */
export const LINK_LOST = "link_lost";

const ADVICES = new Map<string, Advice>();
const CLOSES = new Map<number, string>();
for (const [advice, words] of Object.entries(CODES)) {
  let close = 0;
  for (const word of words.split(" ")) {
    if (Number(word) > 0) close = Number(word);
    else {
      ADVICES.set(word, advice as Advice);
      CLOSES.set(close++, word);
    }
  }
}

/** Gives the advice of an error code; one that is not known here means trying again later. */
export function adviceOf(code: string): Advice {
  return ADVICES.get(code) ?? "later";
}

/** Gives the loss of a link that broke. */
export function broken(message: string): Loss {
  return { code: LINK_LOST, message, advice: "reconnect" };
}

/** Gives the loss that the server announced; an advice of a later server counts as trying again later. */
export function ofBye({ code, message, advice, retry_after_ms: retryAfterMs, newcomer }: Bye): Loss {
  const known = Object.hasOwn(CODES, advice) ? (advice as Advice) : "later";
  return { code, message, advice: known, retryAfterMs, newcomer };
}

/** Gives the loss that a WebSocket close code tells of. */
export function ofClose(close: number, reason: string): Loss {
  const code = CLOSES.get(close);
  return code === undefined
    ? { ...broken(`the connection was lost (${close}${reason && ": "}${reason})`), ...(close >= 4000 && { advice: "later" }) }
    : { code, message: reason || code, advice: adviceOf(code) };
}

/** Gives the loss of a link whose greeting was refused. */
export function ofRefusal({ code, message, retry_after_ms: retryAfterMs, numbers }: Refusal): Loss {
  return { code, message, advice: adviceOf(code), retryAfterMs, numbers };
}

/** A connection that the server did not let in, and said why: what a `Dial` rejects with where it can be read. */
export class NotLetIn extends Error {
  readonly loss: Loss;

  constructor(loss: Loss) {
    super(loss.message);
    this.loss = loss;
  }
}

/** Gives why the server let nobody in, null where something else went wrong. Links may come from another file: no class tells. */
export function lossOf(problem: unknown): Loss | null {
  return (problem as { readonly loss?: Loss } | null)?.loss ?? null;
}
