/** Finds out whether the holder lives where no lock tells: it may be frozen or hang. */

import type { Clock } from "./ports.ts";

/** Nobody answered a hello in this time. */
export const SILENCE_MS = 1500;
/** The holder lives but cannot welcome: its server may be out of reach. The hello is said again. */
const HELLO_MS = 10_000;
/** A timer that comes so much too late was slowed: this page hung or slept, and what was said to it still waits. */
const LATE_MS = 500;

export interface Pulsed {
  ping(): void;
  hello(): void;
  dead(): void;
}

/** Asks for signs of life, and says so when there are none. */
export class Pulse {
  private _cancel: (() => void) | null = null;
  private _isHeard = false;
  private _silentMs = 0;
  private _waitedMs = 0;
  private _patience = 0;
  private _isSeeking = false;

  private readonly _clock: Clock;
  private readonly _pulsed: Pulsed;

  constructor(clock: Clock, pulsed: Pulsed) {
    this._clock = clock;
    this._pulsed = pulsed;
  }

  /** A hello was said. */
  seek(): void {
    this._begin(SILENCE_MS, true);
  }

  /** Welcome. `patience` in milliseconds; 0: a lock tells all there is to know. */
  attach(patience: number): void {
    this._begin(patience, false);
  }

  /** A sign of life. */
  heard(): void {
    this._isHeard = true;
    this._silentMs = 0;
  }

  stop(): void {
    this._cancel?.();
    this._cancel = null;
  }

  private _begin(patience: number, isSeeking: boolean): void {
    this.stop();
    this._patience = patience;
    this._isSeeking = isSeeking;
    this._isHeard = false;
    this._silentMs = 0;
    this._waitedMs = 0;
    if (patience > 0) {
      this._arm();
      if (!isSeeking) this._pulsed.ping();
    }
  }

  private _arm(): void {
    const ms = Math.min(SILENCE_MS, this._patience / 2);
    const due = this._clock.now() + ms;
    this._cancel = this._clock.after(ms, () => this._beat(ms, this._clock.now() - due > LATE_MS));
  }

  private _beat(ms: number, isLate: boolean): void {
    this._waitedMs += ms;
    if (!isLate && !this._isHeard) this._silentMs += ms;
    this._isHeard = false;
    if (this._silentMs >= this._patience) return this._pulsed.dead();
    this._arm();
    if (this._isSeeking && this._waitedMs >= HELLO_MS) {
      this._waitedMs = 0;
      this._pulsed.hello();
    } else this._pulsed.ping();
  }
}
