/** The duties of a holder as it deals with them: what they are asked before their code is there waits, in order. */

import type { Welcome } from "../wire/types.ts";
import { delayMs } from "./backoff.ts";
import type { Act, Duties, DutyPorts } from "./duties.ts";
import { denied } from "./faults.ts";
import type { HolderPorts } from "./holding.ts";
import type { Link } from "./link.ts";
import type { Fault, WireEvent } from "./messages.ts";

/** How much later than a link is opened again code is asked for again that did not come, be it refused or still under way. */
const SLOWER = 6;
/** For the code to come; then whoever asked is told that it does not. */
const PATIENCE_MS = 10_000;
/** Events that may wait; what is kept of the events that find no room comes again with the next link. */
const ROOM = 1000;
/** What is not worth telling when it is late. */
const FLEETING = /^(typing|message|tabs)$/;

/** Who waits for an answer, and is told when there is none. */
export interface Asker {
  readonly tab: string;
  readonly n: number;
  refuse(fault: Fault): void;
}

/** Duties that come a moment after their holder. */
export class Awaiting {
  /** Null until they are there. */
  duties: Duties | null = null;
  private readonly _ports: HolderPorts;
  /** What is to be done, each with who asked for it. */
  private readonly _waiting = new Map<Act, Asker | null>();
  private _live: readonly [Link, Welcome] | null = null;
  private _events = 0;
  private _isOver = false;
  /** Asks for the code at once, where the last answer was that it cannot be had. */
  private _again: (() => void) | null = null;
  private _cancel: () => void = () => undefined;

  constructor(ports: HolderPorts) {
    this._ports = ports;
  }

  /** Brings the code, and does what waited. */
  begin(ports: DutyPorts, attempt = 0): void {
    const { clock, entropy, duties } = this._ports;
    const again = (): void => this.begin(ports, attempt + 1);
    this._cancel();
    this._cancel = clock.after(SLOWER * delayMs(attempt + 1, entropy.chance()), again);
    this._again = null;
    void duties(attempt > 0).then(
      ({ makeDuties }) => {
        if (this._isOver || this.duties !== null) return;
        this.duties = makeDuties(ports);
        this._cancel();
        this.duties.catchUp(this._waiting, this._live);
        this._waiting.clear();
      },
      () => {
        this._again = again;
      },
    );
  }

  /** Ends: nothing that waits is done any more. */
  stop(): void {
    this._isOver = true;
    this._waiting.clear();
    this._cancel();
  }

  /** Has something done. Without an asker it is done whenever the code comes. */
  do(act: Act, asker: Asker | null = null): void {
    if (this.duties !== null) return act(this.duties);
    this._waiting.set(act, asker);
    if (asker !== null) this._ports.clock.after(PATIENCE_MS, () => this._waiting.delete(act) && asker.refuse({ ...denied("unavailable", "its code does not answer"), retryable: true }));
  }

  /** A link is live. */
  link(link: Link, welcome: Welcome): void {
    this._live = [link, welcome];
    // Whatever the code was out of reach for may be over.
    if (this.duties === null) this._again?.();
    else this.duties.begin(link, welcome);
  }

  /** Has an event passed on. */
  event(event: WireEvent): void {
    const at = this._ports.clock.now();
    if (this.duties !== null || (!FLEETING.test(event.kind) && ++this._events <= ROOM)) this.do((duties) => duties.event(event, at));
  }

  /** Nobody waits for an answer any more: what was not begun is not. */
  cancel(tab: string, n: number): void {
    for (const [act, asker] of this._waiting) if (asker?.tab === tab && asker.n === n) this._waiting.delete(act);
  }
}
