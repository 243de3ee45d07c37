/** The last facts that were told, so that a tab that comes late or back goes on without asking the server. */

import type { Cursor, Facts, ToTab } from "./messages.ts";

/** Facts, and bytes of them, that are kept. */
const FACTS = 2000;
const BYTES = 4 << 20;

/** Facts of a stream, without the number that they have for a tab; or that some will not come. */
export type Told = Omit<Facts, "n"> | Extract<ToTab, { readonly is: "start-over" }>;

/** With its size: JSON in characters. */
export interface Saying {
  readonly told: Told;
  readonly bytes: number;
}

/** How many facts are in it. */
export function countOf(told: Told): number {
  return told.is === "facts" ? told.facts.length : 1;
}

/** What was told to all, the newest last. */
export class Ring {
  private _told: Saying[] = [];
  private _facts = 0;
  private _bytes = 0;

  put(saying: Saying): void {
    this._told.push(saying);
    this._count(saying, 1);
    while ((this._facts > FACTS || this._bytes > BYTES) && this._told.length > 1) {
      this._count(this._told.shift() as Saying, -1); // there are two at least
    }
  }

  /** Gives what leads from one cursor to another, nothing twice; null if it is not all here. */
  between(from: Cursor, to: Cursor): readonly Saying[] | null {
    const reached = new Map<string, number>();
    for (const [stream, at] of Object.entries(to.positions)) {
      const known = from.positions[stream];
      if (known === undefined || known.epoch !== at.epoch) return null;
      if (known.seq < at.seq) reached.set(stream, known.seq);
    }
    const found: Saying[] = [];
    for (const { told, bytes } of this._told) {
      const seq = reached.get(told.stream);
      if (seq === undefined) continue;
      if (told.is !== "facts") return null;
      const facts = told.facts.filter((fact) => fact.seq > seq);
      const [first, last] = [facts[0], facts[facts.length - 1]];
      if (first === undefined || last === undefined) continue;
      if (first.seq !== seq + 1) return null;
      reached.set(told.stream, last.seq);
      found.push({ told: { ...told, facts }, bytes });
    }
    return [...reached].every(([stream, seq]) => to.positions[stream]?.seq === seq) ? found : null;
  }

  private _count({ told, bytes }: Saying, sign: 1 | -1): void {
    this._facts += sign * countOf(told);
    this._bytes += sign * bytes;
  }
}
