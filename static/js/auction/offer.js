// A firm's form in the room: fill in, look at it once more, send. Sent twice under one key an offer counts once.
import { readAmount, shown } from "../seal/reading.js";
import { deliver, newKey, refusals } from "../sending.js";

export class OfferForm {
  constructor(root, room) {
    this.root = root;
    this.room = room;
    this.field = root.querySelector("[data-field=amount]");
    this.most = null;
    this.ready = null; // what was looked at and not yet answered: sent again as it is
  }

  start() {
    this.room.onState((state) => {
      this.most = state.most;
      this.root.querySelector("[data-action=best]").disabled = !state.most;
    });
    this.root.querySelector("[data-step=fill]").addEventListener("submit", (event) => {
      event.preventDefault();
      this.check();
    });
    this.on("best", () => {
      if (this.most) this.field.value = this.most;
      this.check();
    });
    this.on("change", () => this.show("fill"));
    this.on("send", () => this.send());
  }

  on(action, work) {
    this.root.querySelector(`[data-action=${action}]`).addEventListener("click", work);
  }

  message(name) {
    return this.root.querySelector(`[data-message="${name}"]`)?.textContent.trim() ?? name;
  }

  check() {
    const read = readAmount(this.field.value, { upper: this.most ?? undefined, lower: this.message("lower") || undefined });
    const above = read.problem === "amount-above" ? shown(this.most) : "";
    this.complain(read.problem ? `${this.message(read.problem)} ${above}`.trim() : "");
    this.done("");
    if (read.problem) return;
    this.ready = { amount: read.value, key: newKey() };
    for (const place of this.root.querySelectorAll("[data-amount]")) place.textContent = shown(read.value);
    this.show("check");
  }

  show(step) {
    for (const each of this.root.querySelectorAll("[data-step]")) each.hidden = each.dataset.step !== step;
    this.root.querySelector(step === "check" ? "[data-action=send]" : "[data-field=amount]").focus({ preventScroll: true });
  }

  complain(text) {
    const box = this.root.querySelector("[data-errors]");
    box.querySelector("p").textContent = text;
    box.hidden = !text;
    this.field.closest(".field").classList.toggle("has-error", Boolean(text));
  }

  done(text) {
    const box = this.root.querySelector("[data-done]");
    box.textContent = text;
    box.hidden = !text;
  }

  async send() {
    const button = this.root.querySelector("[data-action=send]");
    button.disabled = true;
    this.complain("");
    try {
      await this.post();
    } finally {
      button.disabled = false;
    }
  }

  async post() {
    const answer = await deliver(this.root, this.ready.key, { amount: this.ready.amount });
    if (!answer || answer.status >= 500) {
      this.complain(this.message("unanswered"));
      return;
    }
    this.show("fill");
    this.room.catchUp();
    if (!answer.ok) {
      this.complain(refusals(answer.said, this.message("failed"))[0]);
      return;
    }
    this.field.value = "";
    this.done(`${this.message("taken")} ${shown(answer.said.amount)}`);
  }
}
