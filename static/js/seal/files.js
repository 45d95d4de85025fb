// The files of a proposal: read and encrypted here, one after the other, and only the ciphertext is sent (PROTOCOL §2).
import { encryptFile } from "../protocol/envelope.js";

const text = (words) => new TextEncoder().encode(words);
const HEAD = text("%PDF-");
const END = text("%%EOF");
const TAIL = 1024;
/** What makes a PDF more than paper: whoever judges proposals is not shown such a file (core/uploads.py). */
const ACTIVE = ["/JavaScript", "/JS ", "/Launch", "/EmbeddedFile", "/RichMedia"].map(text);

/** @typedef {{name: string, size: number, problem?: string}} Chosen */

/** What can be told of the chosen files without reading them: a code of seal_words.html, or nothing. */
export function problemOf(files, { most, largest }) {
  if (files.length > most) return { problem: "files-many" };
  const large = files.find((file) => file.size > largest);
  if (large) return { problem: "file-large", name: large.name };
  const empty = files.find((file) => !file.size);
  return empty ? { problem: "file-empty", name: empty.name } : {};
}

/** What is wrong with the content of a file. @param {Uint8Array} bytes @returns {string} a code of seal_words.html, or "" */
export function contentProblem(bytes) {
  const tail = bytes.subarray(-TAIL);
  if (!startsWith(bytes, HEAD) || indexOf(tail, END) < 0) return "file-kind";
  return ACTIVE.some((mark) => indexOf(bytes, mark) >= 0) ? "file-active" : "";
}

function startsWith(bytes, head) {
  return head.every((octet, place) => bytes[place] === octet);
}

function indexOf(bytes, wanted) {
  for (let at = bytes.indexOf(wanted[0]); at >= 0; at = bytes.indexOf(wanted[0], at + 1)) {
    if (wanted.every((octet, place) => bytes[at + place] === octet)) return at;
  }
  return -1;
}

/** A file in pieces, telling how much of it has been read. @returns {Promise<Uint8Array>} */
export async function readFile(file, tell) {
  const bytes = new Uint8Array(file.size);
  const reader = file.stream().getReader();
  let size = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    bytes.set(piece.value, size);
    size += piece.value.length;
    tell(size / file.size);
  }
  return bytes;
}

/** A file that cannot be sent; `code` is one of seal_words.html, `said` what the platform answered. */
export class NotSent extends Error {
  constructor(code, { name = "", said = [] } = {}) {
    super(code);
    this.name = "NotSent";
    Object.assign(this, { code, file: name, said });
  }
}

/** Sends a ciphertext, telling how much of it is gone; only XMLHttpRequest tells that of what is sent. */
export function upload(url, ciphertext, { csrf, tell }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.responseType = "json";
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.setRequestHeader("X-CSRFToken", csrf);
    request.upload.addEventListener("progress", (event) => tell(event.loaded / (event.total || ciphertext.length)));
    request.addEventListener("error", () => reject(new NotSent("upload-unanswered")));
    request.addEventListener("load", () => {
      const answer = request.response ?? {};
      if (request.status === 201) resolve(answer);
      else reject(new NotSent("upload-unanswered", { said: answer.detail ? [answer.detail] : [] }));
    });
    request.send(ciphertext);
  });
}

/** Encrypts and sends what was chosen. What has arrived is remembered and not sent again. */
export class ProposalFiles {
  /** @param {{url: string, csrf: () => string, list: Element, word: (code: string) => string}} given */
  constructor({ url, csrf, list, word }) {
    Object.assign(this, { url, csrf, list, word });
    this.sent = new Map();
  }

  /** One line for each file. @param {File[]} files */
  show(files) {
    this.lines = files.map((file) => {
      const line = document.createElement("li");
      const bar = document.createElement("progress");
      const state = document.createElement("small");
      bar.max = 1;
      bar.value = 0;
      bar.hidden = true;
      bar.setAttribute("aria-label", file.name);
      line.append(`${file.name} `, state, bar);
      return { line, bar, state };
    });
    this.list.replaceChildren(...this.lines.map(({ line }) => line));
  }

  /** @param {File[]} files @returns {Promise<import("../protocol/envelope.js").File[]>} for the envelope @throws {NotSent} */
  async send(files) {
    const named = [];
    for (const [place, file] of files.entries()) {
      if (!this.sent.has(file)) this.sent.set(file, await this.one(file, this.lines[place]).catch(this.stopped(place)));
      this.tell(this.lines[place], "file-done", 1);
      named.push(this.sent.get(file));
    }
    return named;
  }

  /** The line of a file that did not arrive says nothing more; the summary at the top does. */
  stopped(place) {
    return (error) => {
      const { bar, state } = this.lines[place];
      bar.hidden = true;
      state.textContent = "";
      throw error;
    };
  }

  async one(file, line) {
    const bytes = await readFile(file, (part) => this.tell(line, "file-reading", part / 3)).catch(() => {
      throw new NotSent("file-unread", { name: file.name });
    });
    const problem = contentProblem(bytes);
    if (problem) throw new NotSent(problem, { name: file.name });
    this.tell(line, "file-encrypting", 1 / 3);
    const { ciphertext, file: named } = await encryptFile(bytes);
    const tell = (part) => this.tell(line, "file-sending", 0.4 + 0.6 * part);
    const answer = await upload(this.url, ciphertext, { csrf: this.csrf(), tell });
    if (answer.sha256 !== named.sha256) throw new NotSent("upload-unanswered");
    return named;
  }

  tell({ bar, state }, code, part) {
    bar.hidden = part >= 1;
    bar.value = part;
    state.textContent = this.word(code);
  }
}
