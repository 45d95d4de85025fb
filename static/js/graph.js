// The picture of the affiliation graph on the regulator's desk. Everything in it stands in the table below it as well: this
// reads what the page holds, draws it, and follows the same links.
import { GraphChart } from "echarts/charts";
import { init, use } from "echarts/core";
import { LabelLayout } from "echarts/features";
import { CanvasRenderer } from "echarts/renderers";
import { Walk } from "./graph/walk.js";
import { optionOf } from "./graph/option.js";

use([GraphChart, CanvasRenderer, LabelLayout]);

const box = document.querySelector("[data-graph]");
const source = document.getElementById("graph-data");
if (box && source) {
  const picture = JSON.parse(source.textContent);
  const chart = init(box, null, { renderer: "canvas" });
  const paint = () => chart.setOption(optionOf(picture, box), true);
  paint();
  const placed = chart.getModel().getSeriesByIndex(0).getData();
  for (const [number, node] of picture.nodes.entries()) [node.x, node.y] = placed.getItemLayout(number);
  const fitted = picture.links.some((link) => link.quiet);
  if (fitted) paint(); // with its places known the whole of the picture is fitted into the box, whatever becomes of either
  new ResizeObserver(() => {
    chart.resize();
    if (fitted) paint();
  }).observe(box);
  new MutationObserver(paint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  const follow = (node) => {
    if (node?.query) location.search = node.query;
  };
  chart.on("click", (event) => {
    if (event.dataType === "node") follow(picture.nodes[event.dataIndex]);
  });
  new Walk(box, chart, picture, document.querySelector("[data-graph-said]"), follow).start();
  box.dataset.ready = "yes";
}
