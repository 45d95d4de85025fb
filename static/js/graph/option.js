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

const PART = 0.8; // of the box, as ECharts fits a graph whose places are known

/** How much the places are stretched so that they fill their part of the box: ECharts then need not scale them, and their words. */
export function stretch(nodes, width, height) {
  const spread = (values) => Math.max(...values) - Math.min(...values);
  const wide = (PART * width) / spread(nodes.map((node) => node.x));
  const high = (PART * height) / spread(nodes.map((node) => node.y));
  const least = Math.min(wide, high);
  return Number.isFinite(least) ? least : 1;
}

export function optionOf({ nodes, links }, box) {
  const quiet = links.some((link) => link.quiet); // words on ties do not go with places and words that give way
  const placed = quiet && nodes.every((node) => node.x !== undefined);
  const times = placed ? stretch(nodes, box.clientWidth, box.clientHeight) : 1;
  const [ink, surface, seal] = ["--ink", "--surface", "--seal"].map((name) => colour(box, name));
  return {
    animation: false,
    series: [
      {
        type: "graph",
        layout: placed ? "none" : "force",
        force: { ...(quiet ? { initLayout: "circular" } : {}), repulsion: 420, edgeLength: 120, gravity: 0.12, layoutAnimation: false },
        roam: true,
        scaleLimit: { min: 0.4, max: 4 },
        edgeSymbolSize: 8,
        label: { show: true, position: "bottom", color: ink, fontSize: 12, width: Math.min(170, box.clientWidth * 0.28), overflow: "break", textBorderColor: surface, textBorderWidth: 3 },
        labelLayout: quiet ? { hideOverlap: true } : {},
        edgeLabel: { show: links.length <= 40 && !quiet, formatter: ({ data }) => data.label, color: ink, fontSize: 11, opacity: 1 },
        emphasis: { focus: "adjacency", lineStyle: { width: 3 }, edgeLabel: { show: true } },
        data: nodes.map((node) => ({
          id: node.id,
          name: node.name,
          ...(placed ? { x: Math.round(node.x * times), y: Math.round(node.y * times) } : {}),
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
