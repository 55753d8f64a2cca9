// Draws the arrows of a live conversation as they travel; sends back what the reader does to one.
// Text from the network is set as textContent or as an attribute, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 800, HEIGHT = 390, LEFT = 185, RIGHT = 645, TOP = 34, FOOT = 382;
const SPAN = 8; // seconds in sight
const KEYS = {d: "drop", l: "delay", u: "duplicate"};
let pictures = 0;

function make(parent, tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const key = arrow => `${arrow.way}-${arrow.number}${arrow.copy ? `-${arrow.copy}` : ""}`;
const flying = model => model.get("arrows").filter(arrow => arrow.state === "flying");
const x = (way, share) => way === "forward"
  ? LEFT + share * (RIGHT - LEFT) : RIGHT - share * (RIGHT - LEFT);

// the corners that lie behind an arrow's tip, and the tip itself
function traced(arrow, now) {
  const passed = arrow.corners.filter(([at]) => at <= now);
  const next = arrow.corners.find(([at]) => at > now);
  if (!next || !passed.length) return passed.length ? passed : [arrow.corners[0]];
  const [at, share] = passed.at(-1);
  return [...passed, [now, share + (next[1] - share) * (now - at) / (next[0] - at)]];
}

function spoken(arrow, roles) {
  const to = arrow.way === "forward" ? roles[1] : roles[0];
  const words = [arrow.label, arrow.again ? "sent again" : "", arrow.copy ? "a copy" : ""];
  return `${words.filter(Boolean).join(", ")}, on its way to the ${to}`;
}

class View {
  constructor(model, el) {
    this.model = model;
    this.colors = model.get("colors");
    this.name = `netlib-flight-${pictures++}`;
    this.chosen = null;
    this.svg = make(el, "svg", {
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`, tabindex: 0, role: "listbox", class: "netlib-flights",
      "aria-label": "datagrams on their way; arrow keys choose one, D drops it, L delays it, "
        + "U duplicates it", "data-lm-suppress-shortcuts": "true",
    });
    this.svg.addEventListener("keydown", event => this.press(event));
    model.on("change", () => this.heard());
    this.heard();
  }

  heard() { // when the kernel spoke, on the page's clock; the least delayed message counts
    const lead = this.model.get("now") - performance.now() / 1000;
    if (this.run !== this.model.get("run")) this.lead = -Infinity;
    this.run = this.model.get("run");
    this.lead = Math.max(this.lead, lead);
    this.soon();
  }

  soon() { // draw the next frame, unless that is about to happen
    this.request ??= requestAnimationFrame(() => {
      this.request = undefined;
      this.draw();
      if (this.model.get("running")) this.soon();
    });
  }

  now() {
    const told = this.model.get("now");
    return this.model.get("running") ? Math.max(told, performance.now() / 1000 + this.lead) : told;
  }

  press(event) {
    const arrows = flying(this.model);
    const at = arrows.findIndex(arrow => key(arrow) === this.chosen);
    const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
    const what = event.key === "Enter" ? "" : KEYS[event.key.toLowerCase()];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (step && arrows.length) {
      const next = at < 0 ? (step > 0 ? 0 : arrows.length - 1) : at + step;
      this.choose(arrows[(next + arrows.length) % arrows.length]);
    } else if (what !== undefined) {
      if (at < 0 && arrows.length) this.choose(arrows.at(-1));
      const arrow = arrows[at < 0 ? arrows.length - 1 : at];
      if (arrow) this.act(arrow, what);
    } else if (!step) return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(arrow) {
    this.chosen = key(arrow);
    this.model.send({choose: [arrow.way, arrow.number]});
    this.soon();
  }

  act(arrow, what) {
    if (!this.model.get("disabled")) this.model.send({act: what, on: [arrow.way, arrow.number]});
  }

  draw() {
    const now = this.now();
    this.scale = (FOOT - TOP) / SPAN;
    this.top = Math.max(-0.4, now - SPAN * 0.7);
    if (!this.layer) this.frame();
    const live = new Set();
    this.layer.replaceChildren();
    this.ticks(now);
    for (const arrow of this.model.get("arrows")) this.arrow(arrow, now, live);
    for (const [side, at] of this.model.get("timers")) this.clock(side, at, "timer", false);
    this.model.get("deadlines").forEach((at, side) => {
      if (at !== null && at > now) this.clock(side, at, `timer in ${(at - now).toFixed(1)} s`, true);
    });
    for (const [name, group] of this.targets) if (!live.has(name)) this.forget(name, group);
    const active = this.targets.get(this.chosen);
    if (active) this.svg.setAttribute("aria-activedescendant", active.id);
    else this.svg.removeAttribute("aria-activedescendant");
  }

  frame() {
    make(this.svg, "rect", {width: WIDTH, height: HEIGHT, fill: "white"});
    const clip = make(make(this.svg, "clipPath", {id: `${this.name}-clip`}), "rect",
      {x: 0, y: TOP - 8, width: WIDTH, height: HEIGHT - TOP + 8});
    this.layer = make(this.svg, "g", {"clip-path": `url(#${this.name}-clip)`});
    this.above = make(this.svg, "g", {"clip-path": `url(#${this.name}-clip)`});
    this.targets = new Map();
    this.model.get("roles").forEach((role, side) => make(this.svg, "text",
      {x: side ? RIGHT : LEFT, y: 18, "text-anchor": "middle", "font-weight": "bold"}, role));
  }

  y(at) { return TOP + (at - this.top) * this.scale; }

  ticks(now) {
    for (const at of [LEFT, RIGHT])
      make(this.layer, "line", {x1: at, x2: at, y1: TOP - 8, y2: FOOT, stroke: this.colors.grey});
    const here = this.y(now);
    make(this.layer, "line", {x1: 56, x2: RIGHT + 60, y1: here, y2: here, stroke: "#bbb",
      "stroke-dasharray": "2 4"});
    for (let at = Math.max(0, Math.ceil(this.top)); at < this.top + SPAN; at++)
      make(this.layer, "text", {x: 44, y: this.y(at) + 4, "text-anchor": "end",
        fill: "#666"}, `${at} s`);
  }

  arrow(arrow, now, live) {
    if (this.y(arrow.corners.at(-1)[0]) < TOP - 20 && arrow.state !== "flying") return;
    const wrong = arrow.state === "lost" || (arrow.again && arrow.way === "forward");
    const color = wrong ? this.colors.wrong : this.colors[arrow.way];
    const corners = traced(arrow, arrow.state === "flying" ? now : Infinity);
    const points = corners.map(([at, share]) => [x(arrow.way, share), this.y(at)]);
    const d = "M" + points.map(point => point.map(n => n.toFixed(1)).join(" ")).join("L");
    const open = arrow.state === "flying";
    const group = open ? this.target(arrow, live) : make(this.layer, "g", {});
    if (open && key(arrow) === this.chosen)
      make(group, "path", {d, stroke: this.colors.chosen, "stroke-width": 12, fill: "none"});
    if (open) make(group, "path", {d, stroke: "transparent", "stroke-width": 26, fill: "none"});
    make(group, "path", {d, stroke: color, fill: "none", "stroke-width": open ? 3 : 1.8,
      ...(arrow.copy ? {"stroke-dasharray": "7 4"} : {})});
    this.tip(group, points, arrow.state === "lost", color);
    const left = corners.findLastIndex(([, share]) => share === 0); // before, it waits its turn
    const waits = left === corners.length - 1 && key(arrow) !== this.chosen;
    if (!waits) this.named(group, arrow, points.slice(Math.max(0, left)), open, color);
  }

  target(arrow, live) { // kept from frame to frame, or a click would miss it
    const name = key(arrow);
    live.add(name);
    let group = this.targets.get(name);
    if (!group) {
      group = make(this.above, "g", {role: "option", class: "netlib-flight",
        id: `${this.name}-${name}`, "data-way": arrow.way, "data-number": arrow.number,
        style: "cursor: pointer"});
      group.addEventListener("pointerdown", event => {
        event.preventDefault();
        this.svg.focus({preventScroll: true});
        this.chosen = name;
        this.act(arrow, "");
      });
      this.targets.set(name, group);
    }
    group.replaceChildren();
    group.setAttribute("aria-label", spoken(arrow, this.model.get("roles")));
    group.setAttribute("aria-selected", String(name === this.chosen));
    return group;
  }

  forget(name, group) {
    group.remove();
    this.targets.delete(name);
    if (name === this.chosen) this.chosen = null;
  }

  tip(group, points, lost, color) {
    const [tx, ty] = points.at(-1);
    if (lost) {
      make(group, "path", {d: `M${tx - 7} ${ty - 7}l14 14m-14 0l14-14`, stroke: this.colors.wrong,
        "stroke-width": 3.2});
      return;
    }
    const [bx, by] = points.at(-2) ?? points[0];
    const turn = Math.atan2(ty - by, tx - bx) * 180 / Math.PI || 0;
    make(group, "path", {d: "M0 0L-13-6V6Z", fill: color,
      transform: `translate(${tx} ${ty}) rotate(${turn})`});
  }

  named(group, arrow, points, open, color) {
    const [tx, ty] = points.at(-1), [sx, sy] = points[0];
    const [nx, ny] = open ? [tx, ty] : [sx + 0.4 * (tx - sx), sy + 0.4 * (ty - sy)];
    if (arrow.copy && !open) return;
    const near = Math.min(Math.max(nx, LEFT + 50), RIGHT - 50);
    make(group, "text", {x: near, y: ny - 9, "text-anchor": "middle", fill: open ? color : "#222",
      "font-weight": open ? "bold" : "normal", stroke: "white", "stroke-width": 4,
      "paint-order": "stroke"}, (arrow.again ? "↻ " : "") + arrow.label);
  }

  clock(side, at, text, coming) {
    const cx = side ? RIGHT : LEFT, cy = this.y(at), out = side ? 1 : -1;
    if (cy > FOOT || cy < TOP) return;
    make(this.layer, "circle", {cx, cy, r: 8, fill: "white", stroke: this.colors.wrong,
      "stroke-width": 1.8, ...(coming ? {"stroke-dasharray": "2 2"} : {})});
    make(this.layer, "path", {d: `M${cx} ${cy - 5}v5h4`, fill: "none", stroke: this.colors.wrong,
      "stroke-width": 1.6});
    make(this.layer, "text", {x: cx + 13 * out, y: cy + 4, "text-anchor": side ? "start" : "end",
      fill: this.colors.wrong, stroke: "white", "stroke-width": 4, "paint-order": "stroke"}, text);
  }
}

export default {
  render({model, el}) {
    const view = new View(model, el);
    return () => cancelAnimationFrame(view.request);
  },
};
