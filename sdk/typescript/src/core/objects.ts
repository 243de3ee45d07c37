/** Objects that the tabs of a browser share: plain values by name, written one after the other, told to all tabs. */

import { bytesOf } from "../wire/codec.ts";
import { denied } from "./faults.ts";
import type { Fault, ObjectCall, ObjectView } from "./messages.ts";
import type { Shelf } from "./ports.ts";

/** Of a name in characters; of a value with its name, and of all of them, as JSON in bytes. */
const NAME = 128;
const VALUE_BYTES = 64 << 10;
const ALL_BYTES = 1 << 20;

/** Who hears of objects. */
export interface ObjectEvents {
  changed(name: string, object: ObjectView | null, revision: number, tab: string): void;
  done(tab: string, n: number, revision: number): void;
  failed(tab: string, n: number, fault: Fault): void;
}

/** The objects of a context. A revision is never given twice, not by another holder either. */
export class Objects {
  private readonly _shelf: Shelf;
  private readonly _events: ObjectEvents;
  private readonly _known = new Map<string, { readonly view: ObjectView; readonly bytes: number }>();
  private _revision: number;
  private _bytes = 0;
  private _turn: Promise<void> = Promise.resolve();

  /** `floor` is above every revision that an earlier holder gave and that was not kept. */
  constructor(shelf: Shelf, floor: number, events: ObjectEvents) {
    this._shelf = shelf;
    this._events = events;
    this._revision = floor;
    for (const view of shelf.objects) {
      this._revision = Math.max(this._revision, view.revision);
      this._keep(view.name, view, sizeOf(view.name, view.value));
    }
  }

  get all(): readonly ObjectView[] {
    return [...this._known.values()].map(({ view }) => view);
  }

  /** Carries out a write when those before it are done. */
  take(tab: string, call: ObjectCall): void {
    this._turn = this._turn.then(() => this._write(tab, call));
  }

  /** Takes all away: the session that it was kept for was ended by others. */
  forget(): void {
    this._turn = this._turn.then(async () => {
      for (const name of [...this._known.keys()]) await this._change(name, null, 0, { revision: ++this._revision, tab: "" });
    });
  }

  private async _write(tab: string, { n, name, value, expect }: ObjectCall): Promise<void> {
    const known = this._known.get(name);
    const isThere = value !== undefined;
    const bytes = isThere ? sizeOf(name, value) : 0;
    const fault = this._fault(name, bytes, known?.bytes ?? 0) ?? conflict(known?.view.revision ?? 0, expect);
    if (fault !== null) return this._events.failed(tab, n, fault);
    const revision = ++this._revision;
    const view = isThere ? { name, value, revision, tab } : null;
    const problem = view === null && known === undefined ? null : await this._change(name, view, bytes, { revision, tab });
    if (problem === null) this._events.done(tab, n, revision);
    else this._events.failed(tab, n, unstored(problem));
  }

  /** Nobody hears of a change that is not kept; gives why it is not. */
  private async _change(name: string, view: ObjectView | null, bytes: number, { revision, tab }: { readonly revision: number; readonly tab: string }): Promise<unknown> {
    try {
      await (view === null ? this._shelf.dropObject(name) : this._shelf.putObject(view));
    } catch (problem) {
      return problem;
    }
    this._keep(name, view, bytes);
    this._events.changed(name, view, revision, tab);
    return null;
  }

  private _fault(name: string, bytes: number, before: number): Fault | null {
    if (name.length === 0 || [...name].length > NAME) return denied("invalid_argument", `a name has 1 to ${NAME} characters`, { limit: NAME });
    if (bytes > VALUE_BYTES) return denied("too_large", `an object of ${bytes} bytes, at most ${VALUE_BYTES}`, { limit_bytes: VALUE_BYTES, bytes });
    const all = this._bytes - before + bytes;
    return all > ALL_BYTES ? denied("limit_reached", `objects of ${all} bytes in all, at most ${ALL_BYTES}`, { limit_bytes: ALL_BYTES, bytes: all }) : null;
  }

  private _keep(name: string, view: ObjectView | null, bytes: number): void {
    this._bytes -= this._known.get(name)?.bytes ?? 0;
    if (view === null) this._known.delete(name);
    else this._known.set(name, { view, bytes });
    this._bytes += view === null ? 0 : bytes;
  }
}

/** A value with its name: of empty values there would be no end. */
function sizeOf(name: string, value: unknown): number {
  return bytesOf(name + JSON.stringify(value));
}

function conflict(present: number, expect: number | undefined): Fault | null {
  if (expect === undefined || expect === present) return null;
  return denied("conflict", `the object is at revision ${present}, not ${expect}`, { revision: present });
}

function unstored(problem: unknown): Fault {
  const isFull = (problem as { readonly name?: string } | undefined)?.name === "QuotaExceededError";
  return { ...denied(isFull ? "storage_full" : "unavailable", "this browser did not keep it"), retryable: true };
}
