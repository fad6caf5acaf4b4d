/** What the device keeps: reports that wait to be sent, and the tracking links of those that were. */

const NAME = "observatoire";
const VERSION = 1;
/** `outbox` by the report's own random key, `mine` by its reference. */
const STORES = { outbox: "id", mine: "reference" };

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) request.result.createObjectStore(name, { keyPath });
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("blocked"));
  });
}

/** Do some work in one transaction: all of it is kept, or none. */
async function within(names, mode, work) {
  const base = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const transaction = base.transaction(names, mode, { durability: "strict" });
      let result;
      transaction.oncomplete = () => resolve(result);
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
      const request = work(transaction);
      if (request) request.onsuccess = () => (result = request.result);
    });
  } finally {
    base.close();
  }
}

/** All entries of a store. */
export const all = (name) => within([name], "readonly", (t) => t.objectStore(name).getAll());

/** One entry, or undefined. */
export const get = (name, key) => within([name], "readonly", (t) => t.objectStore(name).get(key));

/** Write an entry; it is on the device's disk when the promise is kept. */
export const put = (name, entry) =>
  within([name], "readwrite", (t) => {
    t.objectStore(name).put(entry);
  });

/** Remove an entry. */
export const remove = (name, key) =>
  within([name], "readwrite", (t) => {
    t.objectStore(name).delete(key);
  });

/** Take an entry out of the outbox and put its receipt among ours, at one stroke. */
export const settle = (id, receipt) =>
  within(["outbox", "mine"], "readwrite", (t) => {
    t.objectStore("outbox").delete(id);
    t.objectStore("mine").put(receipt);
  });

/** Forget all. */
export const clear = () =>
  within(Object.keys(STORES), "readwrite", (t) => {
    for (const name of Object.keys(STORES)) t.objectStore(name).clear();
  });
