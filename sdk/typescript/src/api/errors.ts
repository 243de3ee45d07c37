/**
 * Everything that can go wrong, split first by where it was found.
 *
 * UnisonoError
 * ├── Refused                     the server said no; `code` is one of its codes
 * │   ├── Unavailable             unavailable, overloaded, draining, slow_consumer, internal, timeout, rate_limited, storage_full
 * │   ├── Unacceptable            malformed, too_large, unsupported, invalid: the request can never succeed
 * │   ├── NotLetIn                token_missing, token_invalid, token_expired, token_revoked, no_user, origin_refused
 * │   ├── SessionOver             session_unknown, session_closed, device_refused
 * │   │   ├── Displaced           another device took the place of this one
 * │   │   └── Replaced            another connection carries this session
 * │   ├── NotFound                not_found: does not exist, or may not be seen
 * │   ├── Forbidden               forbidden: visible, but not allowed
 * │   ├── NotGranted              grant_missing, grant_invalid, grant_expired, grant_used
 * │   ├── Conflict                conflict: it has another revision than the one expected
 * │   └── LimitReached            limit_reached
 * └── LocalFault                  found on this side
 *     ├── LinkDown                link_down, holder_lost, no_holder: no connection now, and the caller did not want to wait
 *     ├── OutboxFull              outbox_full         too many sends wait for the connection
 *     ├── TimedOut                timed_out           no answer within the deadline
 *     ├── Overflow                overflow            an iterator was not read in time; what follows is missing from it
 *     ├── ClientClosed            client_closed, tab_closed: the client was closed
 *     ├── ProtocolFault           protocol            the server said something that is not of this protocol
 *     ├── InvalidArgument         invalid_argument    a value that cannot be sent
 *     └── SharingUnavailable      sharing_unavailable tabs cannot share a session here, and it was required
 */

import type { Fault } from "../core/messages.ts";

/** What explains a fault, besides its text. */
export interface Details {
  readonly code?: string;
  readonly retryable?: boolean;
  readonly retryAfterMs?: number | null;
  readonly numbers?: { readonly [name: string]: number | string };
}

/** Root of all faults of this SDK. Its text is for people; programs look at the class or the `code`. */
export class UnisonoError extends Error {
  /** Stable, in snake_case. */
  declare readonly code: string;
  /** Whether the same call may succeed later. */
  declare readonly retryable: boolean;
  /** Milliseconds to wait before that, where they are known. */
  readonly retryAfterMs: number | null = null;
  /** What explains the fault in figures. */
  readonly numbers: { readonly [name: string]: number | string } = {};

  constructor(message?: string, details?: Details) {
    super(message);
    Object.assign(this, details);
    if (!message) this.message = this.code;
  }
}

/** The server said no. An unknown code of a newer server is of this class itself. */
export class Refused extends UnisonoError {}
/** The server cannot do it now. */
export class Unavailable extends Refused {}
/** The request can never succeed as it is. */
export class Unacceptable extends Refused {}
/** The credential does not let this user in. */
export class NotLetIn extends Refused {}
/** The session cannot be used any more. */
export class SessionOver extends Refused {}
/** Another device took the place of this one. Only a person should log in again. */
export class Displaced extends SessionOver {}
/** Another connection carries this session now. */
export class Replaced extends SessionOver {}
/** Does not exist, or may not be seen: the server gives the same answer for both. */
export class NotFound extends Refused {}
/** Visible, but not allowed to this user. */
export class Forbidden extends Refused {}
/** The operator asks for a grant of the application's own server, and none that was good for this came along. */
export class NotGranted extends Refused {}
/** Members of a conversation, sessions of a user: as many as there may be. */
export class LimitReached extends Refused {}
/** It was changed meanwhile; `numbers.revision` says what it is now, 0 for nothing. */
export class Conflict extends Refused {}
/** Found on this side of the connection. */
export class LocalFault extends UnisonoError {}
/** There is no connection, or it was lost before the answer; whether the request was carried out is not known. */
export class LinkDown extends LocalFault {}
/** Too many sends wait for the connection. */
export class OutboxFull extends LocalFault {}
/** No answer came within the deadline; whether the request was carried out is not known. */
export class TimedOut extends LocalFault {}
/** An iterator was not read in time, so it ends here. What it lost is in the history. */
export class Overflow extends LocalFault {}
/** The client was closed, by the program or for the reason in its `closed` event. */
export class ClientClosed extends LocalFault {}
/** The server said something that is not of this protocol. */
export class ProtocolFault extends LocalFault {}
/** A value that the protocol cannot carry. */
export class InvalidArgument extends LocalFault {}
/** Tabs cannot share a session here, and sharing was required. */
export class SharingUnavailable extends LocalFault {}

type Kind = new (message?: string, details?: Details) => UnisonoError;

/** Which codes are of a class: the code of one that is made without, and a pattern for more. The first that fits counts. */
const KINDS: readonly (readonly [Kind, string, RegExp?, boolean?])[] = [
  [UnisonoError, "error"],
  [Refused, "refused"],
  [Unavailable, "unavailable", /^(overloaded|draining|slow_consumer|internal|timeout|rate_limited|storage_full|connection_unknown)$/, true],
  [Unacceptable, "invalid", /^(malformed|too_large|unsupported)$|_greeted$/],
  [NotLetIn, "token_invalid", /^(token_|no_user|origin_)/],
  [SessionOver, "session_closed", /^(session|device)_/],
  [Displaced, "displaced"],
  [Replaced, "replaced"],
  [NotFound, "not_found"],
  [Forbidden, "forbidden"],
  [NotGranted, "grant_missing", /^grant_/],
  [Conflict, "conflict"],
  [LimitReached, "limit_reached"],
  [LocalFault, "local"],
  [LinkDown, "link_down", /holder/, true],
  [OutboxFull, "outbox_full", , true],
  [TimedOut, "timed_out", , true],
  [Overflow, "overflow"],
  [ClientClosed, "client_closed", /^tab_closed$/],
  [ProtocolFault, "protocol"],
  [InvalidArgument, "invalid_argument"],
  [SharingUnavailable, "sharing_unavailable"],
];

for (const [kind, code, , retryable = false] of KINDS) Object.assign(kind.prototype, { name: "UnisonoError", code, retryable });

/** Makes the error of a fault, or of what carries one. What is neither, the program's own functions have thrown: it goes on as it is. */
export function errorOf(problem: unknown): unknown {
  const { code, message, where, retryable = false, retryAfterMs = null, numbers = {} } = (problem as { fault?: Partial<Fault> } | null)?.fault ?? ((problem ?? {}) as Partial<Fault>);
  if (!code || !where) return problem;
  const [kind] = KINDS.find(([, own, more]) => own === code || more?.test(code)) ?? [where === "server" ? Refused : LocalFault];
  return new kind(message, { code, retryable: retryable || kind.prototype.retryable === true, retryAfterMs, numbers });
}

/** Throws the error of a fault. */
export function raise(fault: unknown): never {
  throw errorOf(fault);
}
