// Keeps a fragment of the page as it is on the server. A socket says only "changed"; what changed is read again from
// the fragment's own address, with the reader's own permissions. Where sockets are blocked the page asks by itself.

const POLL = 5_000;
const POLL_MOST = 60_000;
const SOCKET_MOST = 60_000;

/** Spreads what a thousand watchers do at the same moment. */
export function jitter(least, most, random = Math.random) {
  return least + random() * (most - least);
}

/** The next wait after `failures` failures in a row: doubles from `first` to `most`. */
export function backoff(failures, first, most) {
  return Math.min(most, first * 2 ** failures);
}

/** What must survive the exchange of the fragment: the focused element and the opened details, by their ids. */
export function remember(region, active = document.activeElement) {
  return {
    focus: region.contains(active) && active.id ? active.id : null,
    open: [...region.querySelectorAll("details[id]")].filter((each) => each.open).map((each) => each.id),
    closed: [...region.querySelectorAll("details[id]")].filter((each) => !each.open).map((each) => each.id),
  };
}

export function restore(region, kept) {
  for (const id of kept.open) region.querySelector(`#${CSS.escape(id)}`)?.setAttribute("open", "");
  for (const id of kept.closed) region.querySelector(`#${CSS.escape(id)}`)?.removeAttribute("open");
  if (kept.focus) region.querySelector(`#${CSS.escape(kept.focus)}`)?.focus({ preventScroll: true });
}

/** Whether the reader is writing in the fragment: then it is not taken from under the hands. */
export function isBusy(region, active = document.activeElement) {
  return region.contains(active) && active.matches("input:not([type=hidden]), textarea, select");
}

class LiveRegion {
  constructor(region, socketBase) {
    this.region = region;
    this.url = region.dataset.liveUrl;
    // What hardly ever changes is read again less often, and says nothing of how the page keeps itself up to date.
    this.every = Number(region.dataset.liveEvery) * 1_000 || POLL;
    this.socketUrl = socketBase && region.dataset.liveSocket ? new URL(region.dataset.liveSocket, socketBase).href : null;
    this.failures = 0;
    this.socketFailures = 0;
    this.text = null;
    this.timer = null;
    this.connected = false;
  }

  start() {
    this.region.addEventListener("countdown:over", () => this.refreshSoon(300, 1_500));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.stale) this.refreshSoon(0, 200);
    });
    if ("liveNow" in this.region.dataset) this.refreshSoon(0, 0);
    if (this.socketUrl) this.connect();
    else this.poll();
  }

  connect() {
    let socket;
    try {
      socket = new WebSocket(this.socketUrl);
    } catch {
      this.poll();
      return;
    }
    socket.addEventListener("open", () => {
      const again = this.socketFailures > 0;
      this.connected = true;
      this.socketFailures = 0;
      clearTimeout(this.timer);
      this.timer = null;
      this.show("live");
      if (again) this.refreshSoon(0, 1_000);
    });
    socket.addEventListener("message", (event) => {
      let message;
      try {
        message = JSON.parse(event.data);
      } catch {
        return;
      }
      if (message.type === "changed") this.refreshSoon(0, 1_000);
    });
    socket.addEventListener("close", () => {
      this.connected = false;
      const wait = backoff(this.socketFailures, 2_000, SOCKET_MOST);
      this.socketFailures += 1;
      if (!this.timer) this.poll();
      setTimeout(() => this.connect(), jitter(wait, wait * 1.5));
    });
  }

  poll() {
    if (this.connected) return;
    clearTimeout(this.timer);
    const wait = backoff(this.failures, this.every, Math.max(this.every, POLL_MOST));
    this.show(this.failures ? "lost" : "polling");
    this.timer = setTimeout(
      async () => {
        this.timer = null;
        if (!document.hidden) await this.refresh();
        this.poll();
      },
      jitter(wait, wait * 1.2),
    );
  }

  refreshSoon(least, most) {
    if (document.hidden) {
      this.stale = true;
      most += 10_000;
    }
    if (this.pending) {
      this.again = true;
      return;
    }
    this.pending = setTimeout(
      async () => {
        await this.refresh();
        this.pending = null;
        if (this.again) {
          this.again = false;
          this.refreshSoon(200, 1_000);
        }
      },
      jitter(least, most),
    );
  }

  async refresh() {
    let text;
    try {
      const answer = await fetch(this.url, { headers: { "X-Fragment": "1" }, credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      text = await answer.text();
    } catch {
      this.failures += 1;
      return;
    }
    this.failures = 0;
    this.stale = false;
    this.swap(text);
  }

  swap(text) {
    if (text === this.text) return;
    if (isBusy(this.region)) {
      this.region.addEventListener("focusout", () => this.refreshSoon(100, 300), { once: true });
      return;
    }
    const first = this.text === null;
    this.text = text;
    const kept = remember(this.region);
    const fresh = document.createElement("template");
    fresh.innerHTML = text;
    const inner = fresh.content.querySelector("[data-live-url]") ?? fresh.content;
    const same = inner.textContent.replace(/\s+/g, " ").trim() === this.plain();
    this.region.replaceChildren(...inner.childNodes);
    restore(this.region, kept);
    if (!(first && same)) this.mark();
    this.region.dispatchEvent(new CustomEvent("live:changed", { bubbles: true }));
  }

  plain() {
    return this.region.textContent.replace(/\s+/g, " ").trim();
  }

  mark() {
    for (const element of this.region.querySelectorAll("[data-mark-change]")) {
      element.classList.remove("changed");
      void element.offsetWidth;
      element.classList.add("changed");
    }
  }

  show(state) {
    const element = "liveEvery" in this.region.dataset ? null : document.querySelector("[data-live-state]");
    if (!element) return;
    element.hidden = false;
    element.dataset.state = state;
    element.textContent = element.dataset[state] ?? "";
  }
}

export function startLive(root) {
  const base = root.querySelector('meta[name="socket-base"]')?.content;
  for (const region of root.querySelectorAll("[data-live-url]")) new LiveRegion(region, base).start();
}
