/** What outlives pages and workers of an origin: IndexedDB. Without it memory, which outlives nothing. */

import type { SavedObject, SavedSend, SavedSession, Store } from "../core/ports.ts";
import { within } from "./database.ts";
import type { Kind } from "./database.ts";
import { MemoryStore } from "./memory-store.ts";

/** Gives the store of a context. Opened at its first use; where the browser gives no database, in memory from then on. */
export function storeOf(context: string): Store {
  return new Kept(context);
}

/** Rows of a context are named by it first; sends and objects by their own name after it. */
class Kept implements Store {
  private readonly _context: string;
  private _memory: MemoryStore | null = null;

  constructor(context: string) {
    this._context = context;
  }

  async readSession(): Promise<SavedSession | null> {
    return this._try((memory) => memory.readSession(), async () => {
      const found = await within(["sessions"], (stores) => stores("sessions").get(this._context));
      return (found as SavedSession | undefined) ?? null;
    });
  }

  writeSession(saved: SavedSession): Promise<void> {
    return this._try((memory) => memory.writeSession(saved), async () => {
      await within(["sessions"], (stores) => {
        const kept = stores("sessions").get(this._context);
        kept.onsuccess = () => {
          if (((kept.result as SavedSession | undefined)?.fence ?? 0) <= saved.fence) stores("sessions").put(saved, this._context);
        };
        return kept;
      });
    });
  }

  readOutbox(): Promise<readonly SavedSend[]> {
    return this._try((memory) => memory.readOutbox(), async () => {
      const found = (await within(["outbox"], (stores) => stores("outbox").getAll(this._range()))) as SavedSend[];
      return found.sort((one, other) => one.n - other.n);
    });
  }

  putSend(send: SavedSend): Promise<void> {
    return this._put("outbox", send.key, send, (memory) => memory.putSend(send));
  }

  dropSend(key: string): Promise<void> {
    return this._drop("outbox", key, (memory) => memory.dropSend(key));
  }

  readObjects(): Promise<readonly SavedObject[]> {
    return this._try((memory) => memory.readObjects(), async () => {
      return (await within(["objects"], (stores) => stores("objects").getAll(this._range()))) as SavedObject[];
    });
  }

  putObject(object: SavedObject): Promise<void> {
    return this._put("objects", object.name, object, (memory) => memory.putObject(object));
  }

  dropObject(name: string): Promise<void> {
    return this._drop("objects", name, (memory) => memory.dropObject(name));
  }

  clear(): Promise<void> {
    return this._try((memory) => memory.clear(), async () => {
      await within(["sessions", "outbox", "objects"], (stores) => {
        stores("outbox").delete(this._range());
        stores("objects").delete(this._range());
        return stores("sessions").delete(this._context);
      });
    });
  }

  private _put(kind: Kind, name: string, row: unknown, inMemory: (memory: MemoryStore) => Promise<void>): Promise<void> {
    return this._try(inMemory, async () => void (await within([kind], (stores) => stores(kind).put(row, [this._context, name]))));
  }

  private _drop(kind: Kind, name: string, inMemory: (memory: MemoryStore) => Promise<void>): Promise<void> {
    return this._try(inMemory, async () => void (await within([kind], (stores) => stores(kind).delete([this._context, name]))));
  }

  private _range(): IDBKeyRange {
    // An array sorts after every text.
    return IDBKeyRange.bound([this._context], [this._context, []]);
  }

  private async _try<T>(inMemory: (memory: MemoryStore) => Promise<T>, onDisk: () => Promise<T>): Promise<T> {
    if (this._memory === null) {
      try {
        return await onDisk();
      } catch (problem) {
        // A full disk is told; without a database this context goes on in memory.
        if (problem instanceof DOMException && problem.name === "QuotaExceededError") throw problem;
        this._memory = new MemoryStore();
      }
    }
    return inMemory(this._memory);
  }
}
