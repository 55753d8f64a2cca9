// The live ladder in its page: what time it is, what the reader does, where the picture looks.
//
// The kernel says what time it is and how that goes on (its speed, and until when); in between, the
// page's own clock goes on from there. Of the messages about one course the least delayed counts:
// it is the one that says the latest time. A new run is a new course, and so is a pause.
// The reader looks at now, or back: the slider tells the conversation again up to its time, the
// wheel and PageUp move the picture while nothing moves. Then an arrow can be asked what it was.

const KEYS = {d: "drop", l: "delay", u: "duplicate"};
const COURSE = ["run", "speed", "until", "over"];
const STEP = 0.05; // seconds, of the slider
const TOLD = ["arrows", "timers", "deadlines"];
const seconds = () => performance.now() / 1000;

class View {
  constructor(model, el) {
    this.model = model;
    el.classList.add("netlib-ladder");
    this.picture = new Picture(el, model.get("roles"), name => this.pressed(name));
    this.svg = this.picture.svg;
    this.svg.addEventListener("keydown", event => this.press(event));
    this.svg.addEventListener("wheel", event => this.wheel(event), {passive: false});
    this.slider = this.timeLine(el);
    this.size = new ResizeObserver(() => this.soon());
    this.size.observe(this.svg);
    this.hear();
    this.hears = {"change:clock": () => this.hear(), change: () => this.soon()};
    for (const [event, heard] of Object.entries(this.hears)) model.on(event, heard);
  }

  timeLine(el) {
    const row = document.createElement("div");
    row.className = "netlib-time";
    const slider = document.createElement("input");
    Object.assign(slider, {type: "range", min: 0, max: 0, step: STEP});
    slider.setAttribute("aria-label", "time that the picture shows [s]");
    slider.addEventListener("input", () => this.lookAt(Number(slider.value)));
    this.readout = document.createElement("output");
    row.append(slider, this.readout);
    el.append(row);
    return slider;
  }

  hear() {
    const clock = this.model.get("clock"), {now = 0, speed = 0, run} = clock;
    const isSame = this.clock && COURSE.every(name => clock[name] === this.clock[name]);
    const lead = now - speed * seconds();
    this.lead = isSame && speed ? Math.max(this.lead, lead) : lead;
    if (!isSame) this.first = null;
    if (speed) this.look = null;
    if (run !== this.clock?.run) {
      this.look = this.chosen = null;
      this.picture.clear();
    }
    this.clock = clock;
    this.soon();
  }

  now() { // on the kernel's clock
    const {speed = 0, until} = this.clock;
    return Math.min(this.lead + speed * seconds(), until ?? Infinity);
  }

  moves() { return Boolean(this.clock.speed) && !(this.clock.until <= this.now()); }

  soon() { // draw the next frame, unless that is about to happen
    this.request ??= requestAnimationFrame(() => {
      this.request = undefined;
      this.draw();
      if (this.moves()) this.soon();
    });
  }

  draw() {
    if (!this.svg.clientWidth) return; // not in sight
    const now = this.now(), shown = this.look ?? now;
    const [arrows, timers, deadlines] = TOLD.map(name => this.model.get(name));
    this.picture.draw({arrows, timers, deadlines, now: shown, live: this.look === null,
      over: this.clock.over, first: this.moves() ? null : this.first, chosen: this.chosen});
    this.slider.max = STEP * Math.ceil(now / STEP);
    this.slider.value = this.look ?? this.slider.max;
    this.readout.textContent = this.look === null
      ? `${now.toFixed(1)} s` : `${shown.toFixed(1)} s of ${now.toFixed(1)} s`;
    this.slider.setAttribute("aria-valuetext", this.readout.textContent);
  }

  lookAt(at) {
    this.look = at >= Number(this.slider.max) ? null : at;
    this.first = null;
    this.soon();
  }

  scrollTo(first) {
    const last = this.now() + (this.clock.over ? 0.8 - this.picture.span : -PAST);
    this.first = Math.max(-0.4, Math.min(last, first));
    this.soon();
  }

  wheel(event) {
    if (this.moves() || event.ctrlKey || this.picture.span === undefined) return;
    const before = this.first;
    this.scrollTo(this.picture.first + event.deltaY / this.picture.scale);
    if (this.first !== before) event.preventDefault(); // else the notebook scrolls on
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = {ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1}[event.key];
    const page = {PageDown: 0.8, PageUp: -0.8, End: Infinity, Home: -Infinity}[event.key];
    const what = event.key === "Enter" ? "" : KEYS[event.key.toLowerCase()];
    if (step) this.next(step);
    else if (page && !this.moves()) this.scrollTo(this.picture.first + page * this.picture.span);
    else if (what !== undefined) this.act(what);
    else return;
    event.preventDefault();
  }

  flying() { return this.model.get("arrows").filter(arrow => arrow.state === "flying"); }

  find(name) { return this.model.get("arrows").find(arrow => key(arrow) === name); }

  next(step) {
    const flying = this.flying(), arrows = flying.length ? flying : this.model.get("arrows");
    const at = arrows.findIndex(arrow => key(arrow) === this.chosen);
    const next = at < 0 ? (step > 0 ? 0 : arrows.length - 1) : at + step;
    if (arrows.length) this.choose(arrows[(next + arrows.length) % arrows.length]);
  }

  choose(arrow) {
    this.chosen = key(arrow);
    this.model.send({choose: [arrow.way, arrow.number, arrow.copy]});
    const {first, span} = this.picture;
    if (!this.moves() && (begin(arrow) < first || begin(arrow) > first + span - 1))
      this.scrollTo(begin(arrow) - 1);
    this.soon();
  }

  pressed(name) {
    const arrow = this.find(name);
    if (arrow?.state !== "flying" || this.look !== null) return arrow && this.choose(arrow);
    this.chosen = name;
    this.act("");
  }

  act(what) { // to the chosen one, or to the last one sent
    const flying = this.flying();
    const arrow = flying.find(each => key(each) === this.chosen) ?? flying.at(-1);
    if (!arrow || this.model.get("disabled")) return;
    this.chosen = key(arrow);
    this.model.send({act: what, on: [arrow.way, arrow.number, arrow.copy]});
    this.soon();
  }

  end() {
    cancelAnimationFrame(this.request);
    this.size.disconnect();
    for (const [event, heard] of Object.entries(this.hears)) this.model.off(event, heard);
  }
}

export default {
  render({model, el}) {
    const view = new View(model, el);
    return () => view.end();
  },
};
