/** The one database of an origin: what it holds, and how it is read and written. */

const NAME = "unisono";
/** In version 1 the rows of sessions had another shape. */
const VERSION = 2;
const KINDS = ["sessions", "outbox", "objects", "device"] as const;
/** For the database to open, and for a transaction: some browsers never answer. */
const PATIENCE_MS = 3_000;
/** The name of what is wrong with one that does not open in time; the attempt goes on. */
export const UNOPENED = "NotReadableError";

/** What is kept apart in it. */
export type Kind = (typeof KINDS)[number];

/** Gives the rows of a kind, within one transaction. */
export type Rows = (kind: Kind) => IDBObjectStore;

let opened: Promise<IDBDatabase> | null = null;

/** Lets go of a connection that does no good. */
export function reopen(): void {
  opened = null;
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = ({ oldVersion }) => {
      // The device is the same.
      for (const kind of oldVersion > 0 ? KINDS.slice(0, -1) : KINDS) {
        if (oldVersion > 0) asked.result.deleteObjectStore(kind);
        asked.result.createObjectStore(kind);
      }
    };
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const { result } = asked;
      result.onclose = reopen;
      result.onversionchange = () => {
        reopen();
        result.close();
      };
      resolve(result);
    };
  });
}

/**
 * Does one thing in a transaction, and waits until it is on disk; gives the result of the last request. Rejects with the `DOMException`
 * of what the browser does not do, or does not do in time; with something else where it has no databases.
 */
export function once(kinds: Kind[], act: (rows: Rows) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let isOpen = false;
    const timer = setTimeout(() => reject(new DOMException("the disk does not answer", isOpen ? "TimeoutError" : UNOPENED)), PATIENCE_MS);
    const done = (opened ??= open()).then(
      (database) =>
        new Promise((kept, lost) => {
          isOpen = true;
          const transaction = database.transaction(kinds, "readwrite");
          const request = act((kind) => transaction.objectStore(kind));
          transaction.oncomplete = () => kept(request.result);
          transaction.onabort = () => lost(transaction.error ?? request.error);
        }),
    );
    void done.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
