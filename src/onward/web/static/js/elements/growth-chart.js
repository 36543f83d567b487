// <growth-chart script sheet>{JSON}</growth-chart>: curves with uPlot, which is loaded when the first chart is there. Arrow keys go through the points; what is there is told in words.
let loading = null;
const load = (script, sheet) => (loading ??= new Promise((done, failed) => {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: sheet });
  const code = Object.assign(document.createElement("script"), { src: script, onload: done, onerror: failed });
  document.head.append(style, code);
}));
const dark = matchMedia("(prefers-color-scheme: dark)");

customElements.define("growth-chart", class extends HTMLElement {
  connectedCallback() {
    this.told ??= JSON.parse(this.textContent);
    this.textContent = "";
    this.redraw = () => this.draw();
    dark.addEventListener("change", this.redraw);
    this.addEventListener("keydown", (event) => this.step(event));
    this.addEventListener("blur", () => this.say(null));
    load(this.getAttribute("script"), this.getAttribute("sheet")).then(this.redraw, () => {});
    this.watch = new ResizeObserver(() => this.plot?.setSize(this.size()));
    this.watch.observe(this);
  }
  disconnectedCallback() {
    this.watch.disconnect();
    dark.removeEventListener("change", this.redraw);
    this.plot?.destroy();
    this.plot = null;
  }
  size() {
    return { width: this.clientWidth || 300, height: 216 };
  }
  // Tokens say light-dark(): only an element knows which; a new one each time, for one that is there may be on its way from another colour.
  colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    this.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  }
  text(value) {
    if (value === null || value === undefined) return "–";
    return this.told.unit === "percent"
      ? new Intl.NumberFormat(onward.language, { style: "percent" }).format(value)
      : new Intl.NumberFormat(onward.language, { maximumFractionDigits: 2 }).format(value);
  }
  draw() {
    if (!this.isConnected) return;
    this.plot?.destroy();
    const { x, ticks, series, axis: below, band } = this.told;
    const [ink, line, accent, quiet] = ["text-3", "line", "accent", "text-3"].map((name) => this.colour(name));
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
    this.plot = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: { time: false, range: (_, least, most) => (least === most ? [least - 1, most + 1] : [least, most]) }, y: { range: (_, least, most) => this.reach(least, most) } },
        axes: [{ ...axis, grid: { show: false }, size: 30, label: below, labelSize: 18, labelFont: axis.font, values: (_, at) => at.map((one) => ticks[x.indexOf(one)] ?? "") }, { ...axis, size: 52, values: (_, at) => at.map((one) => this.text(one)) }],
        series: [{}, ...(band ?? []).map(() => ({ width: 0, spanGaps: true, points: { show: false } })), ...series.map((one) => ({ stroke: one.predicted ? quiet : accent, width: 2, dash: one.predicted ? [5, 4] : undefined, spanGaps: true, points: { show: !one.predicted && x.length < 40, size: 6, fill: one.predicted ? quiet : accent } }))],
        // The interval of the curve, as an area behind it.
        bands: band ? [{ series: [1, 2], fill: this.colour("accent-soft") }] : [],
        hooks: { setCursor: [(plot) => this.say(plot.cursor.idx)] },
      },
      [x, ...(band ?? []), ...series.map((one) => one.values)],
      this,
    );
  }
  reach(least, most) {
    if (least === null) return [0, 1];
    const room = (most - least || Math.abs(most) || 1) * 0.15;
    const top = this.told.unit === "percent" ? Math.min(1.02, most + room) : most + room;
    return [Math.max(0, least - room), top];
  }
  say(at) {
    const place = this.closest(".chart").querySelector("output");
    place.textContent = at === null || at === undefined ? "" : `${this.told.labels[at]}: ${this.told.series.map((one) => `${one.name} ${this.text(one.values[at])}`).join(" · ")} · ${this.told.notes[at]}`;
    this.at = at;
  }
  step(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const last = this.told.x.length - 1;
    const to = event.key === "Home" ? 0 : event.key === "End" ? last : by && Math.min(last, Math.max(0, (this.at ?? (by > 0 ? -1 : last + 1)) + by));
    if (to === undefined || !this.plot) return;
    event.preventDefault();
    this.plot.setCursor({ left: this.plot.valToPos(this.told.x[to], "x"), top: 10 });
    this.say(to);
  }
});
