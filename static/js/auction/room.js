// The room of an auction as everybody sees it. A socket pushes the public state; whatever it did not bring, and everything after
// a break, is asked for from the last offer that is known. Where sockets are blocked the page asks every few seconds.
import { backoff, jitter } from "../live.js";
import { shown } from "../seal/reading.js";
import { read, target, timeOfDay } from "./state.js";

const POLL = 2_000;
const POLL_MOST = 30_000;
const SOCKET_MOST = 30_000;
const OWN_REST = 1_000;

export class Room {
  constructor(root, socketBase) {
    this.root = root;
    this.stateUrl = root.dataset.stateUrl;
    this.socketUrl = socketBase ? new URL(root.dataset.socket, socketBase).href : null;
    this.known = { n: Number(root.dataset.n), moved: 0, now: 0 };
    this.decided = Boolean(root.dataset.decided);
    this.connected = false;
    this.failures = 0;
    this.socketFailures = 0;
    this.listeners = [];
  }

  start() {
    this.root.addEventListener("countdown:over", () => setTimeout(() => this.catchUp(), jitter(100, 1_500)));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.catchUp();
    });
    if (this.socketUrl) this.connect();
    this.poll();
  }

  /** Calls `work` with every public state that is newer than the last. */
  onState(work) {
    this.listeners.push(work);
  }

  connect() {
    let socket;
    try {
      socket = new WebSocket(this.socketUrl);
    } catch {
      return;
    }
    socket.addEventListener("open", () => {
      this.connected = true;
      this.socketFailures = 0;
      this.tell("live");
      this.catchUp();
    });
    socket.addEventListener("message", (event) => {
      try {
        this.take(JSON.parse(event.data));
      } catch {
        this.catchUp();
      }
    });
    socket.addEventListener("close", () => {
      if (this.connected) this.poll();
      this.connected = false;
      const wait = backoff(this.socketFailures, 500, SOCKET_MOST);
      this.socketFailures += 1;
      setTimeout(() => this.connect(), jitter(wait, wait * 2));
    });
  }

  poll() {
    clearTimeout(this.polling);
    const wait = backoff(this.failures, POLL, POLL_MOST);
    this.polling = setTimeout(
      async () => {
        if (this.connected) return;
        if (!document.hidden) await this.catchUp();
        if (!this.connected) this.tell(this.failures ? "lost" : "polling");
        this.poll();
      },
      jitter(wait, wait * 1.5),
    );
  }

  /** Asks for everything since the last offer that is known, until there is no more. */
  async catchUp() {
    if (this.asking) {
      this.askAgain = true;
      return;
    }
    this.asking = true;
    try {
      do {
        this.askAgain = false;
        const answer = await fetch(`${this.stateUrl}?since=${this.known.n}`, { cache: "no-store", credentials: "omit" });
        if (!answer.ok) throw new Error(String(answer.status));
        this.failures = 0;
        if (this.add(await answer.json())) this.askAgain = true;
      } while (this.askAgain);
    } catch {
      this.failures += 1;
      if (this.connected) setTimeout(() => this.catchUp(), backoff(this.failures, 500, POLL_MOST));
    } finally {
      this.asking = false;
    }
  }

  take(message) {
    if (this.add(message)) this.catchUp();
  }

  /** Shows what a message brings. @returns {boolean} whether something is lacking still */
  add(message) {
    const { known, fresh, newer, lacking } = read(this.known, message);
    Object.assign(this.known, known);
    if (fresh.length) this.addRows(fresh);
    if (newer) this.show(message, fresh.length > 0);
    return lacking;
  }

  addRows(offers) {
    const box = this.root.querySelector("[data-offers]");
    const [body, row] = [box.querySelector("tbody"), box.querySelector("template[data-row]")];
    for (const offer of offers) {
      const fresh = row.content.cloneNode(true);
      const fill = (name, text) => {
        fresh.querySelector(`[data-cell=${name}]`).textContent = text;
      };
      fill("n", String(offer.n));
      fill("at", timeOfDay(offer.at));
      fill("pseudonym", offer.pseudonym);
      fill("amount", shown(offer.amount));
      fill("ends_at", timeOfDay(offer.ends_at, { seconds: true }));
      if (!offer.extended) fresh.querySelector("[data-extended]").remove();
      fresh.firstElementChild.classList.add("changed");
      body.prepend(fresh);
    }
    box.hidden = false;
    this.root.querySelector("[data-no-offers]").hidden = true;
  }

  show(message, offered) {
    this.root.dataset.state = message.state;
    for (const element of document.querySelectorAll("[data-when]")) {
      element.hidden = !element.dataset.when.split(" ").includes(message.state);
    }
    this.write("best", message.best && shown(message.best));
    this.write("most", message.most && shown(message.most));
    this.write("leader", message.leader);
    this.write("reason", message.reason);
    this.write("extensions", String(message.extensions));
    this.write("count", String(message.count));
    this.count(message);
    if (offered) this.announce(message);
    for (const work of this.listeners) work(message);
    this.readOwn();
    if (message.decided && !this.decided) {
      this.decided = true;
      setTimeout(() => globalThis.location.reload(), jitter(500, 3_000)); // names and result are in the page now
    }
  }

  write(name, text) {
    for (const element of document.querySelectorAll(`[data-shown=${name}]`)) {
      element.textContent = text || element.dataset.none || "";
    }
    for (const element of document.querySelectorAll(`[data-hide-empty=${name}]`)) element.hidden = !text;
  }

  /** Aims the countdown anew; "live:changed" makes it learn the server's clock. */
  count(message) {
    const clock = this.root.querySelector("[data-countdown]");
    const aim = target(message);
    clock.dataset.now = message.now;
    if (aim && aim !== clock.dataset.target) {
      clock.dataset.target = aim;
      clock.querySelector(".countdown-at").textContent = timeOfDay(aim, { seconds: true });
      clock.classList.remove("is-over");
      delete clock.dataset.told;
      delete clock.dataset.text;
    }
    this.root.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
  }

  announce(message) {
    const place = this.root.querySelector("[data-announce]");
    place.textContent = `${place.dataset.word} ${shown(message.best)}`;
    for (const element of this.root.querySelectorAll("[data-mark-change]")) {
      element.classList.remove("changed");
      void element.offsetWidth;
      element.classList.add("changed");
    }
  }

  /** A firm's own rank comes from its own fragment, at most once in a while. */
  readOwn() {
    const place = this.root.querySelector("[data-mine-url]");
    if (!place) return;
    if (this.readingOwn) {
      this.ownAgain = true;
      return;
    }
    this.readingOwn = true;
    setTimeout(
      async () => {
        try {
          const answer = await fetch(place.dataset.mineUrl, { credentials: "same-origin", cache: "no-store" });
          if (answer.ok && !answer.redirected) this.swap(place, await answer.text());
        } catch {
          this.ownAgain = true;
        }
        setTimeout(() => {
          this.readingOwn = false;
          if (this.ownAgain) {
            this.ownAgain = false;
            this.readOwn();
          }
        }, OWN_REST);
      },
      jitter(0, 300),
    );
  }

  swap(place, text) {
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    place.replaceChildren(...fresh.content.childNodes);
  }

  tell(state) {
    const element = document.querySelector("[data-live-state]");
    if (!element) return;
    element.hidden = false;
    element.dataset.state = state;
    element.textContent = element.dataset[state] ?? "";
  }
}
