// What every panel does in its page. It keeps its keys to itself, names what has no name, says to
// the kernel that the page is there, and to the reader when the kernel is not.

const BEAT = 2000; // milliseconds
const PATIENCE = 4; // beats that an idle kernel may leave unanswered
const DEAD = "The kernel has restarted or ended: run this cell again.";
const GONE = new Set(["restarting", "autorestarting", "terminating", "dead"]);

// Called once for each page that has the notebook open, whether the panel is in sight or not.
function initialize({model}) {
  const kernel = model.widget_manager?.kernel, page = Math.random().toString(36);
  let unanswered = 0;
  const answered = () => {
    unanswered = 0;
    model.set("answers", true);
  };
  const died = () => model.set("answers", false);
  const changed = (_, status) => GONE.has(status) && died();
  const say = beat => {
    if (!model.get("is_open")) return;
    try {
      model.send({beat, page});
    } catch { // the notebook was closed in this page, or its kernel has gone
      end();
    }
  };
  const here = () => {
    say(document.hidden ? "hidden" : "here");
    unanswered = kernel?.status === "idle" && model.get("is_open") ? unanswered + 1 : 0;
    if (unanswered > PATIENCE) died(); // it does nothing, and does not know this panel
  };
  const leave = () => { // a page that is left is hidden after this
    say("leaving");
    end();
  };
  const end = () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", here);
    window.removeEventListener("pagehide", leave);
    kernel?.statusChanged?.disconnect(changed);
    model.off("comm_live_update", died);
    model.off("msg:custom", answered);
  };
  const timer = setInterval(here, BEAT);
  document.addEventListener("visibilitychange", here);
  window.addEventListener("pagehide", leave);
  kernel?.statusChanged?.connect(changed);
  model.on("comm_live_update", died);
  model.on("msg:custom", answered);
  here();
  return end;
}

class View {
  constructor(model, root) {
    this.model = model;
    this.root = root;
    root.setAttribute("role", "group");
    root.setAttribute("aria-label", model.get("title"));
    root.tabIndex = -1;
    this.stop = new AbortController();
    const {signal} = this.stop;
    root.addEventListener("keydown", keepKey, {signal});
    document.addEventListener("focusin", event => {
      root.hasFocus = root.contains(event.target); // kept there: New panel brings another View
    }, {signal});
    this.changes = new MutationObserver(() => this.soon());
    this.changes.observe(root, {childList: true, subtree: true, attributeFilter: ["disabled"]});
    this.size = new ResizeObserver(() => this.measure());
    this.size.observe(root);
    this.tidy();
  }

  soon() { // once for many changes
    this.request ??= setTimeout(() => {
      this.request = undefined;
      this.tidy();
    }, 30);
  }

  tidy() {
    const all = selector => this.root.querySelectorAll(selector);
    for (const handle of all(".noUi-handle:not([aria-label])"))
      handle.setAttribute("aria-label",
        handle.closest(".widget-inline-hbox").querySelector(".widget-label").textContent);
    for (const status of all(".netlib-status .widget-html-content:not([role])"))
      status.setAttribute("role", "status");
    for (const fold of all(".netlib-fold"))
      fold.setAttribute("aria-expanded", String(fold.classList.contains("mod-active")));
    for (const wide of all(".widget-html-content"))
      if (wide.scrollWidth > wide.clientWidth || wide.scrollHeight > wide.clientHeight)
        wide.tabIndex = 0; // so that keys can scroll it
      else wide.removeAttribute("tabindex");
    // a button that was disabled or went away under the focus: or the next key is the notebook's
    if (this.root.hasFocus && document.activeElement === document.body)
      this.root.focus({preventScroll: true});
  }

  measure() { // the kernel draws its pictures to measure, in em
    const {fontSize, paddingLeft, paddingRight} = getComputedStyle(this.root);
    const inside = this.root.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    const width = Math.floor(inside / parseFloat(fontSize));
    if (width <= 0 || width === this.model.get("width") || !this.model.get("is_open")) return;
    if (!this.model.get("answers")) return;
    this.model.set("width", width);
    this.model.save_changes();
  }

  live() { // or not: then nothing can be pressed
    const isDead = !this.model.get("answers");
    this.root.classList.toggle("netlib-dead", isDead);
    for (const row of this.root.children)
      if (!row.classList.contains("netlib-status")) row.inert = isDead;
    const status = this.root.querySelector(".netlib-status .widget-html-content");
    if (status && (isDead || status.textContent === DEAD)) status.textContent = isDead ? DEAD : "";
  }

  end() {
    this.stop.abort();
    this.changes.disconnect();
    this.size.disconnect();
    clearTimeout(this.request);
  }
}

// D D deletes a cell, Shift+Enter runs it: not while the focus is here. Ctrl+S goes on saving.
function keepKey(event) {
  const command = event.ctrlKey || event.metaKey || event.altKey;
  if (!command || event.key === "Enter") event.stopPropagation();
}

function render({model, el}) {
  let view;
  const begin = () => { // it is rendered before it is put into the page
    const root = el.closest(".netlib-panel");
    if (root) view = new View(model, root);
    else waiting = requestAnimationFrame(begin);
    live();
  };
  const live = () => view?.live();
  let waiting = requestAnimationFrame(begin);
  model.on("change:answers", live);
  return () => {
    cancelAnimationFrame(waiting);
    model.off("change:answers", live);
    view?.end();
  };
}

export default {initialize, render};
