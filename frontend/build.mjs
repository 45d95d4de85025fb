// Builds static/dist/app.css and app.js for every page, and the scripts that pages have of their own: seal.js, where a bid is
// sealed, auction.js, the room of an auction, verify.js, where a round is computed again, and graph.js, the picture on the
// regulator's desk. `--watch` builds again when a source changes.
import { mkdir, readFile, rm, watch, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import * as sass from "sass";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "static", "dist");
const LIMIT = 120 * 1024;
const SCRIPTS = ["app.js", "seal.js", "auction.js", "verify.js"];
const GRAPH = "graph.js"; // one desk loads it, with the one chart that it draws
const GRAPH_LIMIT = 140 * 1024;

async function styles() {
  const { css } = sass.compile(join(root, "frontend/scss/app.scss"), {
    quietDeps: true,
    silenceDeprecations: ["import", "global-builtin", "color-functions", "if-function"],
  });
  if (css.includes("data:")) throw new Error("the style sheet has a data: address, which the content policy forbids");
  const { code } = await esbuild.transform(css, { loader: "css", minify: true, target: "es2022" });
  await writeFile(join(dist, "app.css"), code);
}

async function scripts() {
  await esbuild.build({
    entryPoints: [...SCRIPTS, GRAPH].map((name) => join(root, "static/js", name)),
    outdir: dist,
    bundle: true,
    format: "esm",
    minify: true,
    target: "es2022",
    legalComments: "none",
  });
}

async function build() {
  await mkdir(dist, { recursive: true });
  await Promise.all([styles(), scripts()]);
  const names = ["app.css", ...SCRIPTS];
  const sizes = await Promise.all(names.map(sizeOf));
  const total = sizes.reduce((sum, size) => sum + size);
  console.log(`${names.map((name, index) => `${name} ${sizes[index]}`).join(" + ")} = ${total} bytes compressed`);
  if (total > LIMIT) throw new Error(`style and script are over ${LIMIT} bytes together`);
  const graph = await sizeOf(GRAPH);
  console.log(`${GRAPH} ${graph} bytes compressed`);
  if (graph > GRAPH_LIMIT) throw new Error(`${GRAPH} is over ${GRAPH_LIMIT} bytes`);
}

async function sizeOf(name) {
  return gzipSync(await readFile(join(dist, name))).length;
}

async function rebuildOn(folder) {
  for await (const change of watch(folder, { recursive: true })) {
    await build().catch((error) => console.error(`${change.filename}: ${error.message}`));
  }
}

try {
  if (!process.argv.includes("--watch")) await rm(dist, { recursive: true, force: true });
  await build();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
if (process.argv.includes("--watch")) await Promise.all([rebuildOn(join(root, "frontend/scss")), rebuildOn(join(root, "static/js"))]);
