// Going through the picture by keyboard: arrows from node to node, Enter opens the one that is reached, Escape lets go.

const FORTH = ["ArrowRight", "ArrowDown"];
const BACK = ["ArrowLeft", "ArrowUp"];

export class Walk {
  constructor(box, chart, picture, said, follow) {
    Object.assign(this, { box, chart, picture, said, follow, at: -1 });
  }

  start() {
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("blur", () => this.leave());
  }

  pressed(event) {
    const step = FORTH.includes(event.key) ? 1 : BACK.includes(event.key) ? -1 : 0;
    if (step) this.go(step);
    else if (event.key === "Enter" && this.at >= 0) this.follow(this.picture.nodes[this.at]);
    else if (event.key === "Escape") this.leave();
    else return;
    event.preventDefault();
  }

  go(step) {
    const count = this.picture.nodes.length;
    this.light("downplay");
    this.at = this.at < 0 && step < 0 ? count - 1 : (this.at + step + count) % count;
    this.light("highlight");
    this.said.textContent = this.telling(this.picture.nodes[this.at]);
  }

  /** The node's name, its group if it has one, and every tie that it has in the picture. */
  telling({ id, name, said }) {
    const names = new Map(this.picture.nodes.map((node) => [node.id, node.name]));
    const ties = this.picture.links
      .filter(({ source, target }) => source === id || target === id)
      .map(({ source, target, label }) => `${names.get(source)} ${label} ${names.get(target)}`);
    return [name, ...(said ? [said] : []), ...ties].join(" · ");
  }

  leave() {
    this.light("downplay");
    this.at = -1;
    this.said.textContent = "";
  }

  light(type) {
    if (this.at >= 0) this.chart.dispatchAction({ type, seriesIndex: 0, dataIndex: this.at });
  }
}
