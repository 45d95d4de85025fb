// The page on which a visitor computes a round again: fetch the record, run every check, say each step with its numbers.
import { GROUPS } from "../protocol/check.js";
import { readRecord } from "../protocol/record.js";
import { verify } from "../protocol/verify.js";
import { pin } from "./pins.js";
import { lineOf } from "./lines.js";
import { siteChecks } from "./site.js";
import { told } from "./steps.js";
import { changeable, tampered, tempting, typedAmount } from "./tampering.js";
import { clearStep, fillStep, verdictOf } from "./view.js";
import { Words, money } from "./words.js";

const LARGEST = 64 * 1024 * 1024;

class VerifyingPage {
  constructor(root) {
    this.root = root;
    this.words = Words.in(root);
    this.steps = new Map(GROUPS.map((group) => [group, root.querySelector(`[data-step=${group}]`)]));
    this.base = null; // the record as it came, and where from
    this.runs = 0;
  }

  start() {
    if (!globalThis.isSecureContext || !globalThis.crypto?.subtle) {
      this.part("insecure").hidden = false;
      return;
    }
    for (const name of ["overall", "own"]) this.part(name).hidden = false;
    this.on("again", "click", () => this.load());
    this.on("save", "click", (event) => this.save(event));
    this.on("accept-keys", "click", () => this.acceptKeys());
    this.on("restore", "click", () => this.run(this.base.text, this.base));
    this.on("try", "submit", () => this.tamper());
    this.on("file", "submit", () => this.openFile());
    this.part("firm").addEventListener("change", () => this.offerAmount());
    this.load({ focus: false });
  }

  part(name) {
    return this.root.querySelector(`[data-part=${name}]`);
  }

  on(name, event, work) {
    this.part(name).addEventListener(event, (happened) => {
      if (event === "submit") happened.preventDefault();
      work(happened);
    });
  }

  async load({ focus = true } = {}) {
    this.begin();
    try {
      const answer = await fetch(this.root.dataset.record, { headers: { Accept: "application/json" }, cache: "no-store" });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      this.base = { text: await answer.text(), source: this.words.say("source-site") };
    } catch {
      this.end("open", this.words.say("not-fetched"), { focus });
      return;
    }
    await this.run(this.base.text, { ...this.base, focus });
  }

  /** Runs every check on a record, and shows what came of it. */
  async run(text, { source, change = null, focus = true }) {
    const mine = this.begin();
    const checks = [];
    let record;
    try {
      record = readRecord(text);
      for await (const each of this.everyCheck(record)) {
        if (mine !== this.runs) return;
        checks.push(each);
        this.progress(checks.length, record);
      }
    } catch (error) {
      if (!record) return this.refuse(error, { source, focus });
      checks.push({ group: "log", what: "broken", holds: false });
    }
    if (mine !== this.runs) return;
    this.show(record, checks);
    this.conclude(checks, { source, change, focus });
    if (change === null) this.offerChange(record);
  }

  /** What cannot be read has nothing to compute with. */
  refuse({ where }, shown) {
    this.part("trying").hidden = true;
    this.end("fails", this.words.say("no-record", { where: where || "–" }), shown);
  }

  async *everyCheck(record) {
    yield* verify(record);
    yield* siteChecks(record, (path) => this.ledger(path), globalThis.localStorage);
  }

  async ledger(path) {
    const answer = await fetch(`${this.root.dataset.ledger}${path}`, { cache: "no-store" });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.text();
  }

  begin() {
    this.runs += 1;
    for (const step of this.steps.values()) clearStep(step);
    this.part("overall").dataset.state = "running";
    this.part("overall-word").textContent = this.words.say("running");
    this.part("overall-text").textContent = "";
    for (const name of ["alarm", "tampered", "source", "accept"]) this.part(name).hidden = true;
    this.part("progress").hidden = false;
    this.part("progress").removeAttribute("value");
    return this.runs;
  }

  progress(done, record) {
    const entries = record.lots.reduce((sum, lot) => sum + lot.entries.length, 0);
    this.part("progress").value = Math.min(done / (3 * entries + 60), 1);
    this.part("overall-text").textContent = this.words.say("done-so-far", { n: done });
  }

  show(record, checks) {
    const of = (group) => checks.filter((each) => each.group === group);
    for (const [group, step] of this.steps) {
      const found = of(group);
      const lines = found.map((each) => lineOf(each, { record, words: this.words }));
      const single = this.words.say("single", { n: found.length });
      fillStep(this.root, step, { checks: found, told: told(group, { record, checks, words: this.words }), lines, single });
    }
    const keys = checks.find((each) => each.what === "remembered" && each.holds === false);
    this.shownKeys = keys?.shown ?? null;
    this.part("accept").hidden = keys === undefined;
  }

  conclude(checks, { source, change, focus }) {
    const wrong = checks.filter((each) => each.holds === false).length;
    const states = GROUPS.map((group) => verdictOf(checks.filter((each) => each.group === group)));
    const steps = this.words.list(states.flatMap((verdict, index) => (verdict === false ? [index + 1] : [])));
    const later = states.filter((verdict) => verdict === null).length;
    const state = wrong ? "fails" : later ? "open" : "holds";
    const numbers = { n: checks.length, wrong, steps, later };
    const noticed = change && wrong > 0;
    this.end(state, this.words.say(noticed ? "overall-noticed" : `overall-${state}`, numbers), { source, focus });
    this.part("alarm").hidden = state !== "fails" || change !== null;
    this.part("tampered").hidden = change === null;
    this.part("tampered-text").textContent = change ?? "";
  }

  end(state, text, { source = "", focus = true } = {}) {
    this.part("progress").hidden = true;
    this.part("overall").dataset.state = state;
    this.part("overall-word").textContent = this.words.say(`word-${state}`);
    this.part("overall-text").textContent = text;
    this.part("source").textContent = source;
    this.part("source").hidden = !source;
    if (focus) this.part("overall").focus();
  }

  /** What can be changed in the record that is looked at. */
  offerChange(record) {
    const found = changeable(record);
    this.part("trying").hidden = found === null;
    if (found === null) return;
    this.found = found;
    const named = (each) => this.words.inLot(each.name, each.lot, record);
    const options = found.firms.map((each, index) => new Option(named(each), String(index)));
    this.part("firm").replaceChildren(...options);
    for (const each of this.root.querySelectorAll("[data-of-kind]")) each.hidden = each.dataset.ofKind !== found.kind;
    this.offerAmount();
  }

  offerAmount() {
    const chosen = this.found.firms[Number(this.part("firm").value)];
    const rivals = this.found.firms.filter((each) => each.lot === chosen.lot);
    this.part("amount").value = this.found.kind === "amount" ? tempting(rivals) : "";
    this.part("present").textContent = this.words.say("present", { amount: money(chosen.amount) });
  }

  async tamper() {
    const { kind, firms } = this.found;
    const firm = firms[Number(this.part("firm").value)];
    const amount = kind === "amount" ? typedAmount(this.part("amount").value) : null;
    const wrong = kind === "amount" && amount === null;
    this.part("amount-error").hidden = !wrong;
    this.part("amount").setAttribute("aria-invalid", String(wrong));
    if (wrong) return this.part("amount").focus();
    const values = { firm: firm.name, from: money(firm.amount), to: money(amount) };
    const change = this.words.say(`changed-${kind}`, values);
    await this.run(tampered(this.base.text, { kind, lot: firm.lot, uscc: firm.uscc, amount }), { ...this.base, change });
  }

  async openFile() {
    const [file] = this.part("chosen").files;
    this.part("file-error").hidden = Boolean(file) && file.size <= LARGEST;
    if (!file || file.size > LARGEST) return this.part("chosen").focus();
    this.begin();
    this.base = { text: await file.text(), source: this.words.say("source-file", { name: file.name }) };
    await this.run(this.base.text, this.base);
  }

  /** The very text that was checked, not whatever the site gives a second time. */
  save(event) {
    if (!this.base) return;
    const link = event.currentTarget;
    link.href = URL.createObjectURL(new Blob([this.base.text], { type: "application/json" }));
    setTimeout(() => {
      URL.revokeObjectURL(link.href);
      link.href = this.root.dataset.record;
    }, 10_000);
  }

  acceptKeys() {
    pin(this.shownKeys);
    this.run(this.base.text, this.base);
  }
}

/** Starts it where the page is. */
export function startVerifying(root) {
  for (const each of root.querySelectorAll("[data-verify]")) new VerifyingPage(each).start();
}
