/** What lies in the database, and how it goes. */

import type { Debt, SavedSession } from "../core/ports.ts";
import type { Kind, Rows } from "./database.ts";

/** Does one thing in a transaction; gives the result of the last request. */
export type Within = (kinds: Kind[], act: (rows: Rows) => IDBRequest) => Promise<unknown>;

/** A session as it lies there; the key is its context. */
export interface Row {
  /** Whose turn it is to write; empty: nobody's. */
  readonly turn: string;
  readonly at: number;
  readonly session: SavedSession | null;
}

/** What is owed lies beside them, by server and session. */
export interface DebtRow {
  readonly at: number;
  readonly debt: Debt;
}

/** Takes away the sends and objects of a context. */
export function empty(rows: Rows, context: IDBValidKey): void {
  for (const kind of ["outbox", "objects"] as const) rows(kind).delete(rangeOf(context));
}

/** Takes away all of a context, or what is owed. */
export function erase(rows: Rows, key: IDBValidKey): IDBRequest {
  if (typeof key === "string") empty(rows, key);
  return rows("sessions").delete(key);
}

/** Gives the range of the keys that begin so. */
export function rangeOf(first: IDBValidKey): IDBKeyRange {
  // An array sorts after every text.
  return IDBKeyRange.bound([first], [first, []]);
}
