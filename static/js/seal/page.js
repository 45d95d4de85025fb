// The page on which a firm enters: fill in, look at it once more, seal in this browser, keep token and receipt.
import { sha256Hex, toBase64, utf8 } from "../protocol/canonical.js";
import { plaintext, sealBoth } from "../protocol/envelope.js";
import { deliver, newKey, random, refusals, tokenOf } from "../sending.js";
import { NotSent, ProposalFiles, problemOf } from "./files.js";
import { readAmount, readDays, shown } from "./reading.js";
import { file, keep, keptOf } from "./tokens.js";

const STEPS = ["fill", "check", "done"];

/** Seals a bid, and keeps its token before anything is sent. @returns {Promise<{body: object, kept: object}>} */
export async function sealed(whose, keys, { amount, days, replaces, files = [] }) {
  const [nonce, token] = [random(32), random(32)];
  const envelope = await sealBoth(plaintext(whose, { amount, days, nonce, files }), { ...keys, whose });
  const body = { lot: whose.lot, envelope: toBase64(envelope), token_sha256: await sha256Hex(utf8(token)) };
  return { body: replaces ? { ...body, token: replaces } : body, kept: { token, sha256: await sha256Hex(envelope) } };
}

class SealingPage {
  constructor(root) {
    this.root = root;
    const given = root.dataset;
    this.whose = { round: given.round, lot: given.lot, uscc: given.uscc };
    this.keys = { platform: given.platform, custodian: given.custodian };
    this.amount = root.querySelector("[data-field=amount]");
    this.days = root.querySelector("[data-field=days]");
    this.token = root.querySelector("[data-field=token]");
    this.files = root.querySelector("[data-field=files]");
    this.limits = { most: Number(given.mostFiles), largest: Number(given.largestFile) };
    this.proposal = new ProposalFiles({
      url: given.filesUrl,
      csrf: () => tokenOf(root),
      list: root.querySelector("[data-file-progress]"),
      word: (code) => this.message(code),
    });
    this.ready = null; // what was sealed and not yet answered: sent again as it is
  }

  start() {
    if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
      this.root.querySelector("[data-insecure]").hidden = false;
      return;
    }
    const known = this.root.dataset.current && keptOf(this.whose, this.root.dataset.current);
    if (known && this.token) this.token.value = known.token;
    this.root.querySelector("[data-step=fill]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    this.on("change", () => this.show("fill"));
    this.on("seal", () => this.seal());
    this.on("save", () => this.save());
    this.show("fill", { focus: false });
  }

  on(action, work) {
    this.root.querySelector(`[data-action=${action}]`).addEventListener("click", work);
  }

  show(step, { focus = true } = {}) {
    for (const each of STEPS) this.root.querySelector(`[data-step=${each}]`).hidden = each !== step;
    const heading = this.root.querySelector(`[data-step=${step}] [data-heading]`);
    if (focus) (heading ?? this.root).focus();
  }

  message(name) {
    return this.root.querySelector(`[data-message="${name}"]`)?.textContent.trim() ?? name;
  }

  /** Reads the fields; what is wrong is told at each of them and in the summary at the top. */
  check() {
    const { upper, lower, most } = this.root.dataset;
    const read = {
      amount: this.amount ? readAmount(this.amount.value, { upper, lower }) : { value: null },
      days: readDays(this.days.value, { most }),
      token: this.token && !this.token.value.trim() ? { problem: "token-required" } : { value: this.token?.value.trim() },
      files: this.files ? problemOf(this.chosen(), this.limits) : {},
    };
    const wrong = Object.entries(read).filter(([, each]) => each.problem);
    const told = (each) => (each.problem ? `${each.name ?? ""}${this.message(each.problem)}` : "");
    for (const name of Object.keys(read)) this.mark(name, told(read[name]));
    this.summarise(wrong.map(([name, each]) => [this.root.querySelector(`[data-field=${name}]`), told(each)]));
    if (wrong.length) return;
    this.bid = { amount: read.amount.value, days: read.days.value, replaces: read.token.value };
    this.ready = null;
    this.fill("amount", this.bid.amount ? shown(this.bid.amount) : "");
    this.fill("days", String(this.bid.days));
    if (this.files) {
      this.proposal.show(this.chosen());
      this.root.querySelector("[data-no-files]").hidden = this.chosen().length > 0;
    }
    this.show("check");
  }

  fill(name, text) {
    for (const place of this.root.querySelectorAll(`[data-shown=${name}]`)) place.textContent = text;
  }

  chosen() {
    return [...(this.files?.files ?? [])];
  }

  mark(name, problem) {
    const field = this.root.querySelector(`[data-field=${name}]`)?.closest(".field");
    if (!field) return;
    field.classList.toggle("has-error", Boolean(problem));
    const place = field.querySelector("[data-error]");
    place.hidden = !problem;
    place.textContent = problem;
  }

  summarise(lines) {
    const box = this.root.querySelector("[data-errors]");
    const list = box.querySelector("ul");
    list.replaceChildren(
      ...lines.map(([field, text]) => {
        const line = document.createElement("li");
        const place = field ? document.createElement("a") : line;
        place.textContent = text;
        if (field) {
          place.href = `#${field.id}`;
          line.append(place);
        }
        return line;
      }),
    );
    box.hidden = !lines.length;
    if (lines.length) box.focus();
  }

  async seal() {
    const button = this.root.querySelector("[data-action=seal]");
    button.disabled = true;
    this.summarise([]);
    try {
      const files = this.ready ? [] : await this.proposal.send(this.chosen());
      this.ready ??= { ...(await sealed(this.whose, this.keys, { ...this.bid, files })), key: newKey() };
      const remembered = keep(this.whose, this.ready.kept);
      this.root.querySelector("[data-not-remembered]").hidden = remembered;
      await this.send();
    } catch (error) {
      this.summarise(error instanceof NotSent ? this.notSent(error) : [[null, this.message("failed")]]);
    } finally {
      button.disabled = false;
    }
  }

  /** Why a file did not arrive: in the platform's words where it gave some. */
  notSent({ code, file, said }) {
    return (said.length ? said : [`${file}${this.message(code)}`]).map((text) => [null, text]);
  }

  /** Sends what was sealed. Sent twice under one key it counts once, so a lost answer is no reason to fear. */
  async send() {
    const answer = await deliver(this.root, this.ready.key, this.ready.body);
    if (!answer) {
      this.summarise([[null, this.message("unanswered")]]);
      return;
    }
    const { said } = answer;
    if (!answer.ok) {
      if (answer.status < 500) this.ready = null;
      this.summarise(refusals(said, this.message("failed")).map((text) => [null, text]));
      return;
    }
    this.kept = { ...this.ready.kept, receipt: said.receipt };
    keep(this.whose, this.kept);
    this.fill("sha256", this.kept.sha256);
    this.fill("token", this.kept.token);
    this.fill("receipt", said.receipt);
    this.show("done");
  }

  save() {
    offer(this.root, this.whose, this.kept);
  }
}

/** Lets the reader save token and receipt as a file. */
export function offer(root, whose, known) {
  const words = Object.fromEntries(
    [...root.querySelectorAll("[data-word]")].map((each) => [each.dataset.word, each.textContent.trim()]),
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file(whose, known, words)], { type: "text/plain;charset=utf-8" }));
  link.download = `${whose.round}-${whose.lot}-${whose.uscc}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Pages that only need what this browser has kept: the receipt, and withdrawing. */
function remind(root) {
  const { round, lot, uscc, current } = root.dataset;
  const whose = { round, lot, uscc };
  const known = keptOf(whose, current);
  if (!known) return;
  for (const input of root.querySelectorAll("[data-token]")) input.value ||= known.token;
  for (const place of root.querySelectorAll("[data-known]")) place.hidden = false;
  root.querySelector("[data-action=save]")?.addEventListener("click", () =>
    offer(root, whose, { receipt: root.querySelector("[data-receipt]")?.textContent, ...known }),
  );
}

/** Starts whatever of it is on the page. */
export function startSealing(root) {
  for (const each of root.querySelectorAll("[data-seal]")) new SealingPage(each).start();
  for (const each of root.querySelectorAll("[data-remind]")) remind(each);
}
