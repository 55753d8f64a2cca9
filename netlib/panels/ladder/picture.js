// The picture of a live conversation: time goes down, a datagram is an arrow as far as it has come.
//
// An arrow is data: its corners, (time, share of the way), of which the last is where it will end.
// So what it looked like at any time can be drawn from it, live or looking back. The picture is
// laid out in pixels by the width and the letters that it has now, and never scaled: where there is
// less room, words give way, not their size. What must be seen of the future (the deadline of a
// timer, a datagram that arrives late) decides how many seconds are in sight.
// A label seeks a free place along its arrow, and keeps it once the arrow has landed; one that
// finds none is left out: a click on its arrow tells all. Text from the network is set as
// textContent or as an attribute, never as markup.

const SVG = "http://www.w3.org/2000/svg";
const PAST = 3.5, FUTURE = [4, 11]; // seconds in sight: before now; after it, at least and at most
const LANDED = {shares: [0.5, 0.35, 0.65, 0.2, 0.8], beside: [0.33, -0.45, 1.15]}; // on its line
const FLYING = {shares: [1, 0.8, 0.6, 0.4, 0.2], beside: [-0.45, 1.15]}; // above it, or below
let pictures = 0;

function make(parent, tag, attributes, text) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

const key = arrow => `${arrow.way}-${arrow.number}-${arrow.copy}`;
const begin = arrow => arrow.corners[0][0], end = arrow => arrow.corners.at(-1)[0];
const isFlying = (arrow, now) => arrow.state === "flying" || end(arrow) > now;

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
  const copy = arrow.copy ? "a copy" : "", again = arrow.again ? "sent again" : "";
  const fate = {flying: "on its way", lost: "lost on its way", arrived: "arrived"}[arrow.state];
  return [arrow.label, again, copy, `${fate} to the ${to}`].filter(Boolean).join(", ");
}

class Picture {
  constructor(el, roles, onPress) {
    this.roles = roles;
    this.press = onPress; // what a press on an arrow does
    this.name = `netlib-flight-${pictures++}`;
    this.svg = make(el, "svg", {
      tabindex: 0, role: "group", class: "netlib-flights",
      "aria-label": "datagrams; arrow keys choose one, D drops it, L delays it, U duplicates it",
    });
    this.pen = document.createElement("canvas").getContext("2d");
    this.clear();
  }

  clear() { // for a new run
    this.future = FUTURE[0];
    this.laidOut = "";
  }

  layOut() {
    const {clientWidth: width, clientHeight: height} = this.svg;
    const em = parseFloat(getComputedStyle(this.svg).fontSize);
    this.span = PAST + this.future;
    const laidOut = [width, height, em, this.span].join();
    if (laidOut === this.laidOut) return;
    this.isWide = width > 34 * em;
    Object.assign(this, {laidOut, em, width, height, top: 2 * em, spots: new Map()});
    this.left = em * (this.isWide ? 9.6 : 6.1);
    this.right = width - em * (this.isWide ? 6.5 : 1.4);
    this.scale = (height - this.top) / this.span;
    this.pen.font = `600 ${getComputedStyle(this.svg).font.replace(/^\D*/, "")}`;
    this.frame();
  }

  frame() {
    const {svg, name, width, height, top, left, right, em} = this;
    svg.replaceChildren();
    this.targets = new Map();
    this.roles.forEach((role, side) => make(svg, "text", {x: side ? right : left, y: 1.2 * em,
      "text-anchor": side && !this.isWide ? "end" : "middle", class: "bold"}, role));
    const clip = make(svg, "clipPath", {id: `${name}-clip`});
    make(clip, "rect", {x: 0, y: top - 0.5 * em, width, height});
    const window = make(svg, "g", {"clip-path": `url(#${name}-clip)`});
    for (const x of [left, right])
      make(window, "line", {x1: x, x2: x, y1: top - 0.5 * em, y2: height, class: "line"});
    this.scroll = make(window, "g", {});
    [this.layer, this.above] = [make(this.scroll, "g", {}), make(this.scroll, "g", {})];
  }

  x(way, share) {
    const from = way === "forward" ? this.left : this.right;
    return from + share * (this.left + this.right - 2 * from);
  }

  y(at) { return at * this.scale; } // within what scrolls

  // now: the time that is shown; live: whether that is the present; first: the time at the top
  draw({arrows, timers, deadlines, now, live, over, first, chosen}) {
    const coming = [...deadlines.filter(at => at !== null), ...arrows.map(end)];
    const future = Math.max(...coming.map(at => at - now + 0.6), this.future);
    if (live) this.future = Math.min(future, FUTURE[1]);
    this.layOut();
    const last = over ? Math.max(-0.4, now + 0.8 - this.span) : now;
    this.first = first ?? Math.max(-0.4, Math.min(now - PAST, live ? last : Infinity));
    this.scroll.setAttribute("transform",
      `translate(0 ${(this.top - this.first * this.scale).toFixed(1)})`);
    this.layer.replaceChildren();
    this.boxes = [...this.spots.values()].filter(Boolean).map(spot => spot.box);
    this.ticks(now);
    const sight = [this.first - 1, this.first + this.span + 1], seen = new Set();
    const shown = arrows.filter(a => begin(a) <= now && end(a) > sight[0] && begin(a) < sight[1]);
    for (const arrow of shown.sort((a, b) => isFlying(a, now) - isFlying(b, now)))
      this.arrow(arrow, now, key(arrow) === chosen, seen);
    this.clocks(timers.filter(([, at]) => at <= now), live ? deadlines : [], now);
    for (const [name, group] of this.targets)
      if (!seen.has(name)) group.remove(), this.targets.delete(name);
    this.svg.setAttribute("role", this.targets.size ? "listbox" : "group");
    const active = this.targets.get(chosen);
    if (active) this.svg.setAttribute("aria-activedescendant", active.id);
    else this.svg.removeAttribute("aria-activedescendant");
  }

  ticks(now) {
    const {em, left, right} = this, y = this.y(now);
    make(this.layer, "line", {x1: 2.8 * em, x2: right, y1: y, y2: y, class: "now"});
    for (let at = Math.max(0, Math.ceil(this.first)); at < this.first + this.span; at++)
      make(this.layer, "text", {x: 2.5 * em, y: this.y(at) + 0.35 * em, "text-anchor": "end",
        class: "quiet"}, `${at} s`);
  }

  arrow(arrow, now, isChosen, seen) {
    const open = isFlying(arrow, now), lost = arrow.state === "lost" && !open;
    const wrong = lost || (arrow.again && arrow.way === "forward");
    const corners = traced(arrow, open ? now : Infinity);
    const points = corners.map(([at, share]) => [this.x(arrow.way, share), this.y(at)]);
    const d = "M" + points.map(point => point.map(n => n.toFixed(1)).join(" ")).join("L");
    const group = this.target(arrow, isChosen);
    seen.add(key(arrow));
    group.setAttribute("class", `netlib-flight ${wrong ? "wrong" : arrow.way}`);
    if (isChosen) make(group, "path", {d, class: "chosen"});
    make(group, "path", {d, class: "touch"});
    make(group, "path", {d, "stroke-width": open ? 3 : 1.8,
      ...(arrow.copy ? {"stroke-dasharray": "7 4"} : {})});
    this.tip(group, points, lost);
    const left = corners.findLastIndex(([, share]) => share === 0); // before, it waits its turn
    const waits = left === corners.length - 1 && !isChosen;
    if (!waits) this.label(group, arrow, points.slice(Math.max(0, left)), open);
  }

  target(arrow, isChosen) { // kept from frame to frame, or a click would miss it
    const name = key(arrow);
    let group = this.targets.get(name);
    if (!group) {
      group = make(this.above, "g", {role: "option", id: `${this.name}-${name}`,
        "data-way": arrow.way, "data-number": arrow.number, "data-copy": arrow.copy});
      group.addEventListener("pointerdown", event => {
        event.preventDefault();
        this.svg.focus({preventScroll: true});
        this.press(name);
      });
      this.targets.set(name, group);
    }
    group.replaceChildren();
    group.setAttribute("aria-label", spoken(arrow, this.roles));
    group.setAttribute("aria-selected", String(isChosen));
    return group;
  }

  tip(group, points, lost) {
    const [tx, ty] = points.at(-1), [bx, by] = points.at(-2) ?? points[0];
    if (lost) {
      make(group, "path", {d: `M${tx - 7} ${ty - 7}l14 14m-14 0l14-14`, "stroke-width": 3.2});
      return;
    }
    const turn = Math.atan2(ty - by, tx - bx) * 180 / Math.PI || 0;
    make(group, "path", {d: "M0 0L-13-6V6Z", class: "solid",
      transform: `translate(${tx} ${ty}) rotate(${turn})`});
  }

  label(group, arrow, points, open) {
    if (arrow.copy && !open) return;
    const text = (arrow.again ? "↻ " : "") + arrow.label;
    let spot = this.spots.get(open ? "" : key(arrow));
    if (spot === undefined) {
      spot = this.freeSpot(text, points, open ? FLYING : LANDED);
      if (spot) this.boxes.push(spot.box);
      if (!open) this.spots.set(key(arrow), spot);
    }
    if (spot) make(group, "text", {x: spot.x, y: spot.y, "text-anchor": "middle",
      class: open ? "halo bold" : "halo"}, text);
  }

  freeSpot(text, points, {shares, beside}) { // or null
    const [tx, ty] = points.at(-1), [sx, sy] = points[0], {em} = this;
    const half = this.pen.measureText(text).width / 2 + 2;
    for (const below of beside)
      for (const share of shares) {
        const x = Math.max(this.left + half, Math.min(this.right - half, sx + share * (tx - sx)));
        const y = sy + share * (ty - sy) + below * em;
        const box = [x - half, x + half, y - 0.85 * em, y + 0.25 * em];
        if (!this.boxes.some(other => meet(box, other))) return {x, y, box};
      }
    return null;
  }

  clocks(timers, deadlines, now) {
    const free = [-Infinity, -Infinity]; // where the next word may stand, on each side
    const all = timers.map(([side, at]) => [at, side, false]);
    deadlines.forEach((at, side) => at !== null && at > now && all.push([at, side, true]));
    for (const [at, side, isComing] of all.sort(([a, , one], [b, , other]) => other - one || a - b))
      this.clock(at, side, isComing, now, free);
  }

  clock(at, side, isComing, now, free) {
    const {em} = this, x = side ? this.right : this.left, foot = this.first + this.span - 0.4;
    const isBelow = at > foot, y = this.y(Math.min(at, foot));
    const group = make(this.layer, "g", {class: "wrong"});
    if (isComing) make(group, "path", {d: `M${x} ${this.y(now)}V${y}`, "stroke-width": 4,
      "stroke-dasharray": "3 3", class: "fuse"});
    make(group, "circle", {cx: x, cy: y, r: 0.55 * em, class: "face", "stroke-width": 1.8});
    make(group, "path", {d: `M${x} ${y - 0.35 * em}v${0.35 * em}h${0.25 * em}`,
      "stroke-width": 1.6});
    const left = `${(at - now).toFixed(1)} s${isBelow ? " ↓" : ""}`;
    const text = isComing ? (this.isWide ? `timer ${left}` : left) : (this.isWide ? "timer" : "");
    if (Math.abs(y - free[side]) < 1.2 * em || (side && !this.isWide)) return;
    free[side] = y;
    make(group, "text", {x: x + (side ? 0.9 : -0.9) * em, y: y + 0.35 * em, class: "halo",
      "text-anchor": side ? "start" : "end"}, text);
  }
}

const meet = ([a, b, c, d], [e, f, g, h]) => a < f && e < b && c < h && g < d;
