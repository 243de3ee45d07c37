/** The one database of an origin: what it holds, and how it is read and written. */

const NAME = "unisono";
const VERSION = 1;
const KINDS = ["sessions", "outbox", "objects", "device"] as const;

/** What is kept apart in it. */
export type Kind = (typeof KINDS)[number];

let opened: Promise<IDBDatabase> | null = null;

function database(): Promise<IDBDatabase> {
  return (opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const asked = indexedDB.open(NAME, VERSION);
    asked.onupgradeneeded = () => {
      for (const kind of KINDS) asked.result.createObjectStore(kind);
    };
    asked.onerror = () => reject(asked.error);
    asked.onblocked = () => reject(new DOMException("another version of this page keeps the database", "InvalidStateError"));
    asked.onsuccess = () => {
      const database = asked.result;
      database.onversionchange = () => {
        opened = null;
        database.close();
      };
      database.onclose = () => {
        opened = null;
      };
      resolve(database);
    };
  }).catch((problem: unknown) => {
    opened = null;
    throw problem;
  }));
}

/** Does one thing in a transaction, and waits until it is on disk; gives the result of the last request. */
export async function within(kinds: Kind[], act: (stores: (kind: Kind) => IDBObjectStore) => IDBRequest): Promise<unknown> {
  const transaction = (await database()).transaction(kinds, "readwrite");
  return new Promise((resolve, reject) => {
    const request = act((kind) => transaction.objectStore(kind));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error ?? request.error);
  });
}
