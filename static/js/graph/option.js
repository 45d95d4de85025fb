// What ECharts draws: colours and marks by kind, with the words of the page; the places are computed once, without motion, and
// are the same for the same picture.

const MARKS = { firm: "roundRect", department: "rect", organisation: "circle", person: "diamond" };
const COLOURS = { firm: "--jade", department: "--slate", organisation: "--grey", person: "--amber" };
// How groups look, by the numbers that the page gives them; its legend has the same (_graph.scss).
const GROUP_COLOURS = ["--jade", "--slate", "--amber", "--plum"];
const GROUP_MARKS = ["roundRect", "diamond", "triangle"];

/** The value of a colour of the page. */
function colour(box, name) {
  return getComputedStyle(box).getPropertyValue(name).trim() || "#777";
}

export function optionOf({ nodes, links }, box) {
  const [ink, surface, seal] = ["--ink", "--surface", "--seal"].map((name) => colour(box, name));
  return {
    animation: false,
    series: [
      {
        type: "graph",
        layout: nodes.some((node) => node.x === undefined) ? "force" : "none",
        force: { initLayout: "circular", repulsion: 420, edgeLength: 120, gravity: 0.12, layoutAnimation: false },
        roam: true,
        scaleLimit: { min: 0.4, max: 4 },
        edgeSymbolSize: 8,
        label: { show: true, position: "bottom", color: ink, fontSize: 12, width: Math.min(170, box.clientWidth * 0.28), overflow: "break", textBorderColor: surface, textBorderWidth: 3 },
        labelLayout: { hideOverlap: true },
        edgeLabel: { show: links.length <= 40 && !links.some((link) => link.quiet), formatter: ({ data }) => data.label, color: ink, fontSize: 11, opacity: 1 },
        emphasis: { focus: "adjacency", lineStyle: { width: 3 }, edgeLabel: { show: true } },
        data: nodes.map((node) => ({
          id: node.id,
          name: node.name,
          x: node.x,
          y: node.y,
          symbol: GROUP_MARKS[node.mark] ?? MARKS[node.kind],
          symbolSize: node.open ? 34 : 22,
          itemStyle: { color: colour(box, GROUP_COLOURS[node.colour] ?? COLOURS[node.kind]), borderColor: node.way ? seal : surface, borderWidth: node.way ? 3 : 1 },
        })),
        links: links.map((link) => ({
          source: link.source,
          target: link.target,
          label: link.label,
          symbol: link.both ? ["none", "none"] : ["none", "arrow"],
          lineStyle: { color: link.way ? seal : colour(box, GROUP_COLOURS[link.colour] ?? "--line-2"), width: link.way || link.colour >= 0 ? 3 : 1.4, curveness: 0.06, opacity: 1 },
        })),
      },
    ],
  };
}
