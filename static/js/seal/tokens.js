// The tokens of the envelopes that were sealed in this browser, kept before anything is sent: who loses them can neither
// replace nor withdraw. The newest ones are kept for each round, lot and firm, since an answer of the server may get lost.

const KEPT = 12;

/** @typedef {{token: string, sha256: string, receipt?: string}} Kept `sha256` is that of the envelope */

/** Where tokens of a round, lot and firm are kept. */
export function slot({ round, lot, uscc }) {
  return `mingxuan.tokens.${round}.${lot}.${uscc}`;
}

/** All that is kept, the newest first. @returns {Kept[]} */
export function kept(whose, storage = globalThis.localStorage) {
  try {
    const found = JSON.parse(storage.getItem(slot(whose)) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}

/** Keeps one more, or what has come to be known of one. @param {Kept} fresh @returns {boolean} whether the browser could */
export function keep(whose, fresh, storage = globalThis.localStorage) {
  const others = kept(whose, storage).filter((each) => each.sha256 !== fresh.sha256);
  try {
    storage.setItem(slot(whose), JSON.stringify([fresh, ...others].slice(0, KEPT)));
    return true;
  } catch {
    return false;
  }
}

/** What was kept of the envelope with this SHA-256. @returns {Kept | undefined} */
export function keptOf(whose, sha256, storage = globalThis.localStorage) {
  return kept(whose, storage).find((each) => each.sha256 === sha256);
}

/** The file that a firm saves: token and receipt in words and lines. */
export function file(whose, { token, sha256, receipt }, words) {
  return [
    words.title,
    `${words.round} ${whose.round}  ${words.lot} ${whose.lot}  ${whose.uscc}`,
    `${words.envelope} ${sha256}`,
    `${words.token} ${token}`,
    "",
    words.receipt,
    receipt ?? "",
  ].join("\n");
}
