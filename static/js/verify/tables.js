// Rows of a table up to a number that a person reads.

const MOST_ROWS = 60;

/** The rows of a step's table; how many more there are is said. */
export function table(name, rows, words) {
  const more = rows.length - MOST_ROWS;
  return { name, rows: rows.slice(0, MOST_ROWS), more: more > 0 ? words.say("more-rows", { n: more }) : "" };
}
