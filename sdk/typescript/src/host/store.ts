/** What outlives pages and workers of an origin: IndexedDB. Without it memory, which outlives nothing. */

import { Deposed } from "../core/ports.ts";
import type { Debt, Kept, SavedObject, SavedSend, SavedSession, Shelf, Store } from "../core/ports.ts";
import { UNOPENED, once, reopen } from "./database.ts";
import type { Kind, Rows } from "./database.ts";
import { empty, erase, rangeOf } from "./rows.ts";
import type { DebtRow, Row, Within } from "./rows.ts";

/** For a holder that woke up late to learn that it is none; who still is one then has the right to write. */
const AWAKE_MS = 1_000;
/** All that is kept of a context. */
const ALL: Kind[] = ["sessions", "outbox", "objects"];
/** Where the browser gives no database: for as long as the page or worker lives. */
const unkept = new Map<string, Debt>();

/** Whose the rows are: this holder's; anybody's, for it could only read them; nobody's, for there is no database. */
type Stand = "taken" | "read" | "nowhere";

/** Gives the store of a context. Where the browser gives no database, nothing outlives the holder. `tidy` removes what is of no use to anybody. */
export function storeOf(context: string, tidy: (within: Within) => Promise<void> = () => Promise.resolve()): Store {
  return new OnDisk(context, tidy);
}

class OnDisk implements Store {
  private readonly _context: string;
  private readonly _tidy: (within: Within) => Promise<void>;

  constructor(context: string, tidy: (within: Within) => Promise<void>) {
    this._context = context;
    this._tidy = tidy;
  }

  async take(): Promise<Shelf> {
    const context = this._context;
    const turn = crypto.randomUUID();
    let session: SavedSession | null = null;
    let isUnsaved = false;
    let [outbox, objects]: [readonly SavedSend[], readonly SavedObject[]] = [[], []];
    const read = (isTaking: boolean): Promise<unknown> =>
      within(ALL, (rows) => {
        const kept = rows("sessions").get(context);
        kept.onsuccess = () => {
          const row = kept.result as Row | undefined;
          session = row?.session ?? null;
          // A holder was here, whose session did not come to the disk.
          isUnsaved = row !== undefined && session === null;
          if (isTaking) put(rows, context, turn, session);
        };
        const sends = rows("outbox").getAll(rangeOf(context));
        sends.onsuccess = () => (outbox = (sends.result as SavedSend[]).sort((one, other) => one.n - other.n));
        const values = rows("objects").getAll(rangeOf(context));
        values.onsuccess = () => (objects = values.result as SavedObject[]);
        return values;
      });
    let stand: Stand = "taken";
    try {
      await read(true);
    } catch (problem) {
      stand = isOfDisk(problem) ? "read" : "nowhere";
      // A full disk can be read; one that did not answer twice is waited for no longer.
      if (stand === "read" && nameOf(problem) !== "TimeoutError") await read(false).catch(() => undefined);
    }
    if (stand === "taken") void this._tidy(within).catch(() => undefined);
    return new DiskShelf(context, turn, { session, outbox, objects, isWhole: stand === "taken" && !isUnsaved }, stand);
  }

  async debts(url: string): Promise<readonly Debt[]> {
    const found = await within(["sessions"], (rows) => rows("sessions").getAll(rangeOf(url))).catch(() => []);
    return [...(found as DebtRow[]).map(({ debt }) => debt), ...[...unkept.values()].filter((debt) => debt.url === url)];
  }

  async owe(debt: Debt): Promise<void> {
    await within(["sessions"], (rows) => owe(rows, debt)).catch(() => unkept.set(debt.session, debt));
  }

  async settle({ url, session }: Debt): Promise<void> {
    if (!unkept.delete(session)) await within(["sessions"], (rows) => rows("sessions").delete([url, session]));
  }
}

/** Rows of a context are named by it first; sends and objects by their own name after it. */
class DiskShelf implements Shelf {
  readonly session!: SavedSession | null; // what is kept, like the next three
  readonly outbox!: readonly SavedSend[];
  readonly objects!: readonly SavedObject[];
  readonly isWhole!: boolean;
  private readonly _context: string;
  private readonly _turn: string;
  private _stand: Stand;
  private _isClosed = false;

  constructor(context: string, turn: string, kept: Kept, stand: Stand) {
    this._context = context;
    this._turn = turn;
    this._stand = stand;
    Object.assign(this, kept);
  }

  writeSession(session: SavedSession): Promise<void> {
    return this._write([], (rows) => put(rows, this._context, this._turn, session));
  }

  putSend(send: SavedSend): Promise<void> {
    return this._write(["outbox"], (rows) => rows("outbox").put(send, [this._context, send.key]));
  }

  dropSend(key: string): Promise<void> {
    return this._write(["outbox"], (rows) => rows("outbox").delete([this._context, key]));
  }

  putObject(object: SavedObject): Promise<void> {
    return this._write(["objects"], (rows) => rows("objects").put(object, [this._context, object.name]));
  }

  dropObject(name: string): Promise<void> {
    return this._write(["objects"], (rows) => rows("objects").delete([this._context, name]));
  }

  async clear(last: SavedSession, debt: Debt | null): Promise<void> {
    if (this._stand === "nowhere") {
      if (debt !== null) unkept.set(debt.session, debt);
      // There may be something from before, and by now a database. Where there still is none, nothing is left.
      await within(ALL, (rows) => erase(rows, this._context)).catch((problem: unknown) => {
        if (isOfDisk(problem)) throw problem;
      });
    } else {
      await this._write(["outbox", "objects"], (rows) => {
        empty(rows, this._context);
        if (debt !== null) owe(rows, debt);
        put(rows, this._context, "", last);
      });
    }
    this.close();
  }

  async vanish(): Promise<void> {
    await within(["sessions"], (rows) => {
      const kept = rows("sessions").get(this._context);
      kept.onsuccess = () => {
        if ((kept.result as Row | undefined)?.turn === "") rows("sessions").delete(this._context);
      };
      return kept;
    });
  }

  close(): void {
    this._isClosed = true;
  }

  /** Writes, if it is this holder's turn. */
  private async _write(kinds: Kind[], act: (rows: Rows) => unknown): Promise<void> {
    if (this._stand === "nowhere") return;
    let turn = await this._tryWrite(kinds, act);
    if (turn !== this._turn && turn !== "") {
      await new Promise((go) => setTimeout(go, AWAKE_MS));
      turn = await this._tryWrite(kinds, act, true);
    }
    if (turn !== this._turn) throw new Deposed();
  }

  /** Gives whose turn it is; takes it away from another one if so told, but not what was cleared. Who could only read takes what there is. */
  private async _tryWrite(kinds: Kind[], act: (rows: Rows) => unknown, isTaking = false): Promise<string | undefined> {
    if (this._isClosed) return "";
    let turn: string | undefined;
    await within(["sessions", ...kinds], (rows) => {
      const kept = rows("sessions").get(this._context);
      kept.onsuccess = () => {
        const row = kept.result as Row | undefined;
        turn = this._stand === "read" || (isTaking && row?.turn) ? this._turn : row?.turn;
        if (turn !== this._turn) return;
        if (row?.turn !== turn) put(rows, this._context, turn, row?.session ?? null);
        act(rows);
      };
      return kept;
    });
    if (turn === this._turn) this._stand = "taken";
    return turn;
  }
}

function nameOf(problem: unknown): string {
  return problem instanceof DOMException ? problem.name : "";
}

/** Whether there is a database. */
function isOfDisk(problem: unknown): boolean {
  return !["", "SecurityError", "InvalidStateError", "VersionError", UNOPENED].includes(nameOf(problem));
}

/** Tries once again, for browsers lose their connection to the disk, or are slow. A full one is told at once. */
async function within(kinds: Kind[], act: (rows: Rows) => IDBRequest): Promise<unknown> {
  try {
    return await once(kinds, act);
  } catch (problem) {
    // Whatever it was, the next one has a connection of its own.
    const name = nameOf(problem);
    if (name !== UNOPENED) reopen();
    if (name === "" || name === "QuotaExceededError") throw problem;
    return once(kinds, act);
  }
}

function put(rows: Rows, context: string, turn: string, session: SavedSession | null): void {
  rows("sessions").put({ turn, at: Date.now(), session } satisfies Row, context);
}

function owe(rows: Rows, debt: Debt): IDBRequest {
  return rows("sessions").put({ at: Date.now(), debt } satisfies DebtRow, [debt.url, debt.session]);
}
