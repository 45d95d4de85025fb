// The public keys that this browser saw first: whoever shows another one later has to explain it.

const SLOT = "mingxuan.keys";

/** @typedef {{log: string, custodian: string, since: string}} Pins */

/** What is remembered of a site. @param {Storage} storage @returns {Pins | null} */
export function pinned(storage = globalThis.localStorage) {
  try {
    const found = JSON.parse(storage.getItem(SLOT) ?? "null");
    return typeof found?.log === "string" && typeof found.custodian === "string" ? found : null;
  } catch {
    return null;
  }
}

/**
 * Remembers keys from now on.
 *
 * @param {{log: string, custodian: string}} keys
 * @param {{storage?: Storage, now?: Date}} where
 * @returns {boolean} whether the browser could
 */
export function pin({ log, custodian }, { storage = globalThis.localStorage, now = new Date() } = {}) {
  try {
    storage.setItem(SLOT, JSON.stringify({ log, custodian, since: now.toISOString() }));
    return true;
  } catch {
    return false;
  }
}

/** Whether keys are those remembered. @returns {boolean} */
export function samePins(one, other) {
  return one.log === other.log && one.custodian === other.custodian;
}
