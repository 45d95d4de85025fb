// Puts what was computed onto the page: from templates that the server wrote, with text only, never markup.

/** Of several checks: false where one fails, null where one cannot be made yet or there is none, else true. */
export function verdictOf(checks) {
  if (checks.some((each) => each.holds === false)) return false;
  return checks.length > 0 && checks.every((each) => each.holds) ? true : null;
}

const NAMES = new Map([
  [true, "holds"],
  [false, "fails"],
  [null, "open"],
]);

/** The word of a verdict in the page's data attributes. @returns {"holds" | "fails" | "open"} */
export function nameOf(verdict) {
  return NAMES.get(verdict);
}

/** A verdict's word with its mark. @param {HTMLElement} root @returns {Node} */
function chip(root, verdict) {
  return root.querySelector(`template[data-verdict-of=${nameOf(verdict)}]`).content.cloneNode(true);
}

/**
 * Fills one step.
 *
 * @param {HTMLElement} root the page's part that has steps and templates
 * @param {HTMLElement} step
 * @param {{checks: import("../protocol/check.js").Check[], told: import("./steps.js").Told, lines: string[]}} found
 *   `lines` are the words of the checks
 */
export function fillStep(root, step, { checks, told, lines, single }) {
  const verdict = verdictOf(checks);
  step.dataset.state = nameOf(verdict);
  step.querySelector("[data-verdict]").replaceChildren(chip(root, verdict));
  step.querySelector("[data-sentences]").replaceChildren(...told.sentences.map((text) => line(text)));
  step.querySelector("[data-sentences]").hidden = !told.sentences.length;
  step.querySelector("[data-tables]").replaceChildren(...told.tables.map((each) => tableOf(root, each)));
  const all = step.querySelector("[data-single]");
  all.hidden = !checks.length;
  all.open = verdict === false;
  all.querySelector("summary").textContent = single;
  const made = checks.map((each, index) => checkLine(root, each, lines[index]));
  all.querySelector("ul").replaceChildren(...wrongFirst(made, checks));
}

function wrongFirst(lines, checks) {
  const wrong = lines.filter((_, index) => checks[index].holds === false);
  return [...wrong, ...lines.filter((each) => !wrong.includes(each))];
}

function line(text) {
  const made = document.createElement("li");
  made.textContent = text;
  return made;
}

function checkLine(root, { holds }, text) {
  const made = line("");
  const words = document.createElement("span");
  words.textContent = text;
  made.append(chip(root, holds), words);
  made.dataset.state = nameOf(holds);
  return made;
}

function tableOf(root, { name, rows, more }) {
  const made = root.querySelector(`template[data-table=${name}]`).content.cloneNode(true);
  const pattern = made.querySelector("[data-row]");
  pattern.replaceWith(...rows.map((row) => rowOf(root, pattern, row)));
  const rest = made.querySelector("[data-more]");
  if (rest) {
    rest.textContent = more ?? "";
    rest.hidden = !more;
  }
  return made;
}

function rowOf(root, pattern, row) {
  const made = pattern.cloneNode(true);
  made.removeAttribute("data-row");
  if (row.won) made.classList.add("is-winner");
  if (row.holds === false) made.classList.add("is-wrong");
  for (const cell of made.querySelectorAll("[data-cell]")) {
    const value = row[cell.dataset.cell];
    if (cell.dataset.cell === "holds") cell.replaceChildren(chip(root, value));
    else cell.textContent = value ?? "–";
  }
  return made;
}

/** Empties a step, as before anything was computed. */
export function clearStep(step) {
  delete step.dataset.state;
  for (const part of ["verdict", "sentences", "tables"]) step.querySelector(`[data-${part}]`).replaceChildren();
  step.querySelector("[data-single]").hidden = true;
}
