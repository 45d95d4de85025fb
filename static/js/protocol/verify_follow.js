// Who follows a winner that walked away, computed again (PROTOCOL §3, §4): from the ranking, or from a new draw; the twin of
// protocol/verify_follow.py.

import { check, sameJson } from "./check.js";
import { inLot, outOfLot } from "./draw.js";
import { drawsOf, follow } from "./methods.js";
import { termsOfLot } from "./parameters.js";

/**
 * For each substitution: that it is the firm in force that leaves, and the right one that follows.
 *
 * @param {import("./record.js").Record} record
 * @param {import("./record.js").Lot} lot
 * @param {{computed: import("./methods.js").Result, bids: import("./methods.js").Bid[]}} decided
 */
export function* followChecks(record, lot, { computed, bids }) {
  const where = { lot: lot.number, lots: record.lots.length };
  const out = new Set();
  let inForce = computed.winner;
  for (const [place, gone] of lot.substitutions.entries()) {
    const of = { lot: lot.number, number: place + 1, out: gone.out };
    yield check("method", "leaves-in-force", gone.out === inForce && !out.has(gone.out), of);
    out.add(gone.out);
    if (!gone.settled) {
      yield check("method", "follows", null, of);
      return;
    }
    const again = computed.redrawn.some((uscc) => !out.has(uscc));
    const left = bids.filter((bid) => !out.has(bid.uscc));
    const drawn = again ? lot.draws.filter((each) => each.purpose === "ranking" && each.iteration === gone.iteration) : [];
    if (again) {
      const labels = inLot(drawsOf(record.method, { bids: left, parameters: termsOfLot(record, lot) }).ranking, where);
      const whole = drawn.length === 1 && sameJson([...drawn[0].labels].sort(), [...labels].sort());
      yield check("method", "draws-left", whole || gone.successor === null, of);
    }
    const next = nextOf(record, { computed, out, drawn, where });
    yield check("method", "follows", next === gone.successor, { ...of, computed: next, published: gone.successor });
    inForce = gone.successor;
  }
}

/** Nobody where the order of the new draw is not over everybody who is left. */
function nextOf({ method }, { computed, out, drawn, where }) {
  try {
    return follow(method, computed, { out, order: drawn.length ? outOfLot(drawn[0].order, where) : [] });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}
