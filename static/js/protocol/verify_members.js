// Consortia: the members in the record are those that the sealed events named, and nobody takes part twice; the twin of
// protocol/verify_members.py.

import { fromHex, sha256Hex, utf8 } from "./canonical.js";
import { check, sameJson } from "./check.js";
import { byUtf8 } from "./draw.js";

/** For every consortium: that its last envelope named these members, no more of them than announced, and no firm twice. */
export async function* memberChecks(record) {
  const named = namedIn(record.events);
  let joint = 0;
  for (const lot of record.lots) {
    for (const entry of lot.entries) {
      const told = named.get(whose(lot.number, entry.uscc)) ?? [];
      if (entry.members.length === 0 && isNobody(told)) continue;
      joint += 1;
      const of = { lot: lot.number, uscc: entry.uscc };
      yield check("sealed", "members-named", sameJson(await namesOf(entry.members), told), of);
      const most = record.consortiumMost;
      yield check("sealed", "members-few", most !== null && 1 + entry.members.length <= most, { ...of, most });
    }
  }
  if (joint) yield check("sealed", "members-once", isOnce(record.lots), { n: joint });
}

function whose(lot, uscc) {
  return JSON.stringify([lot, uscc]);
}

/** What Python takes for nothing. */
function isNobody(told) {
  return !told || (Array.isArray(told) && told.length === 0) || (typeof told === "object" && Object.keys(told).length === 0);
}

/** The members that the last sealed event of every entry names; those of a withdrawn one are not needed. */
function namedIn(events) {
  const found = new Map();
  for (const { event } of events) {
    if (event === null || typeof event !== "object" || Array.isArray(event)) continue;
    found.set(whose(String(event.lot), String(event.uscc)), Object.hasOwn(event, "members") ? event.members : []);
  }
  return found;
}

/** What the events call them: sole traders by a blinded hash, whose blind the record tells (PROTOCOL §1). */
async function namesOf(members) {
  const names = await Promise.all(members.map(({ uscc, blind }) => (blind === null ? uscc : blinded(uscc, blind))));
  return names.sort(byUtf8);
}

async function blinded(uscc, blind) {
  return sha256Hex(new Uint8Array([...fromHex(blind), ...utf8(uscc)]));
}

/** In no lot a firm stands twice, and in all lots it stands with the same lead firm. */
function isOnce(lots) {
  const leads = new Map();
  for (const lot of lots) {
    const here = new Set();
    for (const entry of lot.entries) {
      for (const uscc of [entry.uscc, ...entry.members.map((each) => each.uscc)]) {
        if (here.has(uscc) || (leads.get(uscc) ?? entry.uscc) !== entry.uscc) return false;
        here.add(uscc);
        leads.set(uscc, entry.uscc);
      }
    }
  }
  return true;
}
