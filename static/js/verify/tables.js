// Rows of a table up to a number that a person reads, and no more.

const MOST_ROWS = 60;

/** The rows of a step's table; how many more there are is said. */
export function table(name, rows, words, most = MOST_ROWS) {
  const more = rows.length - most;
  return { name, rows: rows.slice(0, most), more: more > 0 ? words.say("more-rows", { n: more }) : "" };
}
