// What a firm's page sends through the API: with its session, under a key by which sending it twice counts once.
import { toHex } from "./protocol/canonical.js";

/** So many random octets in hexadecimal. */
export const random = (octets) => toHex(crypto.getRandomValues(new Uint8Array(octets)));

/** A new key for something to send. */
export const newKey = () => random(16);

/** The token against forged requests. @param {HTMLElement} root */
export const tokenOf = (root) => root.querySelector("[name=csrfmiddlewaretoken]").value;

/**
 * Sends `body` to the address of the page's part.
 *
 * @param {HTMLElement} root
 * @returns {Promise<{ok: boolean, status: number, said: object} | null>} null where no answer came
 */
export async function deliver(root, key, body) {
  let answer;
  try {
    answer = await fetch(root.dataset.url, {
      method: "POST",
      credentials: "same-origin",
      headers: {
        "Content-Type": "application/json",
        "Idempotency-Key": key,
        "X-CSRFToken": tokenOf(root),
      },
      body: JSON.stringify(body),
    });
  } catch {
    return null;
  }
  return { ok: answer.ok, status: answer.status, said: await answer.json().catch(() => ({})) };
}

/** Why something was refused, in the platform's words where it gave some. @returns {string[]} at least one */
export function refusals(said, otherwise) {
  const details = Object.values(said.errors ?? {}).flat();
  return details.length ? details : [said.detail ?? otherwise];
}
