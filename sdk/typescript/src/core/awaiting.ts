/** The duties of a holder as it deals with them: what they are asked before their code is there waits, in order. */

import type { Duties, DutyPorts } from "./duties.ts";
import { denied } from "./faults.ts";
import type { DutyCode } from "./holding.ts";
import type { Fault, WireEvent } from "./messages.ts";
import type { Clock } from "./ports.ts";

/** Before code is asked for again that could not be had. */
const AGAIN_MS = 5_000;
/** For the code to come; after that whoever asks is told that it does not, until it does. */
const PATIENCE_MS = 15_000;
/** What may wait when an event comes; what is kept of the events that find no room comes again with the next link. */
const ROOM = 1000;

/** Who waits for an answer, and is told when there is none. */
export interface Asker {
  readonly tab: string;
  readonly n: number;
  refuse(fault: Fault): void;
}

interface Waiting {
  readonly act: (duties: Duties) => void;
  readonly asker: Asker | null;
}

/** Duties that come a moment after their holder. */
export class Awaiting {
  /** Null until they are there. */
  duties: Duties | null = null;
  private readonly _clock: Clock;
  private _waiting: Waiting[] = [];
  private _isLate = false;
  private _isOver = false;
  private _cancelLate: () => void = () => undefined;
  private _cancelAgain: () => void = () => undefined;

  constructor(clock: Clock) {
    this._clock = clock;
  }

  /** Brings the code, and does what waited. */
  async begin(load: () => Promise<DutyCode>, ports: DutyPorts): Promise<void> {
    this._cancelLate = this._clock.after(PATIENCE_MS, () => {
      this._isLate = true;
      this._drop(({ asker }) => asker !== null).forEach(refuse);
    });
    let code: DutyCode | null = null;
    while (code === null) {
      code = await load().catch(() => null);
      if (this._isOver) return;
      if (code === null) await new Promise<void>((go) => (this._cancelAgain = this._clock.after(AGAIN_MS, go)));
    }
    this._cancelLate();
    const duties = code.makeDuties(ports);
    // What comes meanwhile is behind the rest.
    for (let next = this._waiting.shift(); next !== undefined; next = this._waiting.shift()) next.act(duties);
    this.duties = duties;
  }

  /** Ends: nothing that waits is done any more. */
  stop(): void {
    this._isOver = true;
    this._waiting = [];
    this._cancelLate();
    this._cancelAgain();
  }

  /** Has something done. Without an asker it is done whenever the code comes. */
  do(act: (duties: Duties) => void, asker: Asker | null = null): void {
    if (this.duties !== null) act(this.duties);
    else if (this._isLate && asker !== null) refuse({ act, asker });
    else this._waiting.push({ act, asker });
  }

  /** Has an event passed on. */
  event(event: WireEvent): void {
    if (this._waiting.length < ROOM) this.do((duties) => duties.event(event));
  }

  /** Nobody waits for an answer any more: what was not begun is not. */
  cancel(tab: string, n: number): void {
    this._drop(({ asker }) => asker?.tab === tab && asker.n === n);
  }

  private _drop(isMeant: (waiting: Waiting) => boolean): readonly Waiting[] {
    const dropped = this._waiting.filter(isMeant);
    this._waiting = this._waiting.filter((each) => !dropped.includes(each));
    return dropped;
  }
}

function refuse({ asker }: Waiting): void {
  asker?.refuse({ ...denied("unavailable", "the code for this could not be loaded"), retryable: true });
}
