/** The one database of an origin: what it holds, and how it is read and written. */

const NAME = "unisono";
const VERSION = 1;
const KINDS = ["sessions", "outbox", "objects", "device"] as const;
/** For the database to open, and for a transaction: some browsers never answer. */
const PATIENCE_MS = 3_000;

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
    asked.onupgradeneeded = () => KINDS.forEach((kind) => asked.result.createObjectStore(kind));
    asked.onerror = asked.onblocked = reject;
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
 * Does one thing in a transaction, and waits until it is on disk; gives the result of the last request. Rejects with a `DOMException`
 * where the disk does not do it, otherwise where there is no database, or none that answers.
 */
export function once(kinds: Kind[], act: (rows: Rows) => IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(reject, PATIENCE_MS);
    const done = (opened ??= open()).then(
      (database) =>
        new Promise((kept, lost) => {
          const transaction = database.transaction(kinds, "readwrite");
          const request = act((kind) => transaction.objectStore(kind));
          transaction.oncomplete = () => kept(request.result);
          transaction.onabort = () => lost(transaction.error ?? request.error);
        }),
    );
    void done.then(resolve, reject).then(() => clearTimeout(timer));
  });
}
