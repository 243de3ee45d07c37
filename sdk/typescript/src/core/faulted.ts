/** A fault as something to throw: what a `Desk` rejects with. Programs get the class of the fault's code from the API. */

import type { Fault } from "./messages.ts";

/** Carries `fault`; its message is the fault's, for people. */
export class Faulted extends Error {
  readonly fault: Fault;

  constructor(fault: Fault) {
    super(fault.message);
    this.name = "Faulted";
    this.fault = fault;
  }
}

/** A fault found on this side of the link. */
export function local(code: string, message: string, retryable = false): Faulted {
  return new Faulted({ code, message, retryable, where: "holder" });
}

/** For what is asked of a client that is over. */
export function closed(): Faulted {
  return local("client_closed", "the client was closed");
}
