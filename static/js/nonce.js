// A bid carries 32 bytes that only its firm knows (PROTOCOL §2); they are made here, in the bidder's own browser.

export function nonce(source = globalThis.crypto) {
  return [...source.getRandomValues(new Uint8Array(32))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Fills every empty hidden input with `data-nonce`. */
export function fillNonces(root) {
  for (const input of root.querySelectorAll("input[data-nonce]")) {
    if (!/^[0-9a-f]{64}$/.test(input.value)) input.value = nonce();
  }
}
