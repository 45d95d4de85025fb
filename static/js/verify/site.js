// What this site shows of its log at this moment, compared with the record and with what this browser has seen before.
import { check } from "../protocol/check.js";
import { keysOf, live } from "../protocol/verify_log.js";
import { pin, pinned, samePins } from "./pins.js";

/**
 * The checks that need the site: its keys, and that its log goes on from the record's checkpoint.
 *
 * @param {import("../protocol/record.js").Record} record
 * @param {(path: string) => Promise<string>} fetchText reads addresses below `…/ledger/`
 * @param {Storage} storage
 */
export async function* siteChecks(record, fetchText, storage) {
  const before = pinned(storage);
  let shown;
  try {
    shown = await keysOf(fetchText);
  } catch {
    yield check("log", "unreachable", null);
    if (before && record.proof) yield check("log", "live-keys", samePins(record.proof, before), {});
    return;
  }
  if (before) yield check("log", "remembered", samePins(shown, before), { shown, before });
  else if (shown.log && shown.custodian && pin(shown, { storage })) yield check("log", "remembered-now", true, { shown });
  try {
    yield* live(record, fetchText, shown);
  } catch {
    yield check("log", "unreachable", null);
  }
}
