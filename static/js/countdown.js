// Counts down to a moment by the server's clock: `data-target` and `data-now` are what the server wrote into the page
// and writes again into each fragment that is read later, which corrects the difference between its clock and ours.

let offset = null;

/** Milliseconds to add to our clock to have the server's. */
export function learnClock(serverMilliseconds, now = Date.now()) {
  offset = serverMilliseconds - now;
}

export function serverNow(now = Date.now()) {
  return now + (offset ?? 0);
}

/** Whole days, hours, minutes and seconds in a number of milliseconds; never negative. */
export function parts(milliseconds) {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  return {
    days: Math.floor(seconds / 86400),
    hours: Math.floor(seconds / 3600) % 24,
    minutes: Math.floor(seconds / 60) % 60,
    seconds: seconds % 60,
  };
}

/** What is said aloud: an hour, ten minutes, one minute and ten seconds before the end, and at the end. */
const MOMENTS = [3600, 600, 60, 10, 0];

export function momentPassed(before, after) {
  return MOMENTS.find((moment) => before > moment && after <= moment) ?? null;
}

/** The shown text as [number, unit] pairs: three units from the first that is not nought, seconds always below a day. */
export function shown({ days, hours, minutes, seconds }, words) {
  const two = (n) => String(n).padStart(2, "0");
  if (days > 0) return [[String(days), words.days], [two(hours), words.hours], [two(minutes), words.minutes]];
  if (hours > 0) return [[String(hours), words.hours], [two(minutes), words.minutes], [two(seconds), words.seconds]];
  return [[String(minutes), words.minutes], [two(seconds), words.seconds]];
}

function write(element, pairs) {
  const text = pairs.map((pair) => pair.join("")).join("");
  if (element.dataset.text === text) return;
  element.dataset.text = text;
  element.replaceChildren(
    ...pairs.flatMap(([number, unit]) => {
      const small = document.createElement("small");
      small.textContent = unit;
      return [document.createTextNode(number), small];
    }),
  );
}

function step(element) {
  const target = Date.parse(element.dataset.target);
  const left = target - serverNow();
  const seconds = Math.ceil(left / 1000);
  const words = JSON.parse(element.dataset.words);
  const face = element.querySelector("[data-left]");
  const moment = momentPassed(Number(element.dataset.seconds ?? Infinity), seconds);
  element.dataset.seconds = String(seconds);
  element.classList.toggle("is-soon", left > 0 && left < Number(element.dataset.soon ?? 3600) * 1000);
  if (left <= 0) {
    element.classList.add("is-over");
    face.textContent = words.over;
  } else {
    write(face, shown(parts(left), words));
  }
  const said = element.querySelector("[data-said]");
  if (said && moment !== null && element.dataset.begun) said.textContent = left <= 0 ? words.over : face.textContent;
  element.dataset.begun = "1";
  if (left <= 0 && !element.dataset.told) {
    element.dataset.told = "1";
    if (left > -3_600_000) element.dispatchEvent(new CustomEvent("countdown:over", { bubbles: true }));
  }
}

/** Starts every countdown under `root`, and goes on with those that later appear in the page. */
export function startCountdowns(root) {
  const first = root.querySelector("[data-countdown][data-now]");
  const loaded = Date.now() - (globalThis.performance ? performance.now() : 0);
  // The page's own moment was written before it travelled: the time since navigation began is the most it can be old.
  if (first) learnClock(Date.parse(first.dataset.now), loaded + (performance.getEntriesByType?.("navigation")[0]?.responseStart ?? 0));
  const stepAll = () => root.querySelectorAll("[data-countdown]").forEach(step);
  root.addEventListener("live:changed", (event) => {
    const fresh = event.target.querySelector("[data-countdown][data-now]");
    if (fresh) learnClock(Date.parse(fresh.dataset.now));
    stepAll();
  });
  const tick = () => {
    stepAll();
    setTimeout(tick, 1000 - (serverNow() % 1000) + 5);
  };
  tick();
}
