// What a watcher of an auction knows, and what a message adds to it. Offers have numbers without gaps and never change, so
// whoever knows the first n needs those after n and nothing else; messages may come twice, late, or not at all.

/**
 * @typedef {{n: number, since: number, count: number, offers: {n: number}[], moved_at: string, now: string}} Message the public state
 * @typedef {{n: number, moved: number, now: number}} Known how many offers are known, the last step of the auction that is shown,
 *   and the server's moment of what is shown
 */

/**
 * What a message says to whoever knows `known`.
 *
 * @param {Known} known
 * @param {Message} message
 * @returns {{known: object, fresh: object[], newer: boolean, lacking: boolean}} what changes of `known`, offers to add, whether its
 *   state is newer than the one shown, and whether there are offers that it does not bring
 */
export function read(known, message) {
  if (message.since > known.n) return { known: {}, fresh: [], newer: false, lacking: true };
  const fresh = message.offers.filter((offer) => offer.n > known.n);
  const reached = Math.max(known.n, message.n);
  const moved = message.moved_at ? Date.parse(message.moved_at) : 0;
  const newer = moved > known.moved || (moved === known.moved && Date.parse(message.now) >= known.now);
  return { known: { n: reached, ...(newer ? { moved, now: Date.parse(message.now) } : {}) }, fresh, newer, lacking: message.count > reached };
}

/** The time of day in Ningbo, to the millisecond or to the second. @param {string} at as the log writes it */
export function timeOfDay(at, { seconds = false } = {}) {
  const local = new Date(Date.parse(at) + 8 * 3_600_000).toISOString();
  return local.slice(11, seconds ? 19 : 23);
}

/** Which moment is counted down to, if any. */
export function target(message) {
  if (message.state === "scheduled") return message.starts_at;
  return message.state === "running" ? message.ends_at : null;
}
