// The words of the page, which the server wrote in the reader's language, and numbers as people read them.
import { shown } from "../seal/reading.js";

const SHORT = 12;
const LENGTHS = [
  ["days", 86_400],
  ["hours", 3600],
  ["minutes", 60],
];

/** Texts by their names, with places for numbers: "{n} 份". */
export class Words {
  /** @param {Map<string, string>} texts */
  constructor(texts) {
    this.texts = texts;
  }

  /** Those that an element holds as `data-word`. */
  static in(root) {
    const written = [...root.querySelectorAll("[data-word]")];
    return new Words(new Map(written.map((each) => [each.dataset.word, each.textContent])));
  }

  /** A text with its numbers; its name where there is no such text. @returns {string} */
  say(name, values = {}) {
    const text = this.texts.get(name) ?? name;
    return text.replace(/\{(\w+)\}/g, (place, key) => String(values[key] ?? "–"));
  }

  /** A text about a lot, which is named where the round has several. @returns {string} */
  inLot(text, lot, { lots }) {
    return lots.length > 1 && lot !== undefined ? this.say("in-lot", { lot, text }) : text;
  }

  has(name) {
    return this.texts.has(name);
  }

  /** Several in one sentence. @param {string[]} parts @returns {string} */
  list(parts) {
    return parts.join(this.say("comma"));
  }

  /** A length of time in its largest unit. @param {number} seconds @returns {string} */
  length(seconds) {
    const [name, unit] = LENGTHS.find(([, each]) => seconds >= 2 * each) ?? ["seconds", 1];
    return this.say(`length-${name}`, { n: Math.floor(seconds / unit) });
  }
}

/** An amount for people, a dash for none. @param {string | null | undefined} amount @returns {string} */
export function money(amount) {
  return typeof amount === "string" ? shown(amount).replaceAll(" ", "\u00a0") : "–"; // never broken after the sign
}

/** The beginning of a fingerprint. @param {string | null | undefined} digest @returns {string} */
export function short(digest) {
  if (typeof digest !== "string" || !digest) return "–";
  return digest.length > SHORT ? `${digest.slice(0, SHORT)}…` : digest;
}

/** A time of the record, or a Unix time in seconds, as the clock in Ningbo showed it. @returns {string} */
export function moment(value) {
  const at = new Date(typeof value === "number" ? value * 1000 : (value ?? Number.NaN));
  if (Number.isNaN(at.getTime())) return "–";
  return at.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
}
