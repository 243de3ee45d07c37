/** All bounds of the API in one place: what waits, how long, and how much. */

/** How much a client holds and how long it waits; seconds and counts. */
export interface Limits {
  /** For the answer to a request, reconnecting included; then `TimedOut`. */
  readonly requestS: number;
  /** For the grant provider; then `TimedOut`. */
  readonly grantS: number;
  /** Events that wait for one iterator, then `Overflow`; or for one handler. */
  readonly events: number;
  /** Conversations whose name and members are remembered; the longest unused one is forgotten. */
  readonly conversations: number;
  /** How often an upload is repeated that the connection was lost for. */
  readonly uploadRepeats: number;
}

export const LIMITS: Limits = { requestS: 30, grantS: 10, events: 10_000, conversations: 10_000, uploadRepeats: 8 };
