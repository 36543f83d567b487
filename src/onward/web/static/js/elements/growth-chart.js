// <growth-chart script sheet>{JSON}</growth-chart>: curves with uPlot, loaded with the first chart. Arrow keys move through the points, each described in words.
let loading = null;
const load = (script, sheet) => (loading ??= new Promise((done, failed) => {
  const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: sheet });
  const code = Object.assign(document.createElement("script"), { src: script, onload: done, onerror: failed });
  document.head.append(style, code);
}));
const dark = matchMedia("(prefers-color-scheme: dark)");

customElements.define("growth-chart", class extends HTMLElement {
  connectedCallback() {
    this.chart ??= JSON.parse(this.textContent);
    this.textContent = "";
    if (!this.redraw) {
      this.redraw = () => this.draw();
      this.addEventListener("keydown", (event) => this.step(event));
      this.addEventListener("blur", () => this.describe(null));
    }
    dark.addEventListener("change", this.redraw);
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
  // Colour tokens use light-dark(), which only an element resolves; a new element each time, because an existing one may be in transition.
  colour(name) {
    const probe = document.createElement("i");
    probe.style.color = `var(--${name})`;
    this.append(probe);
    const resolved = getComputedStyle(probe).color;
    probe.remove();
    return resolved;
  }
  text(value) {
    if (value === null || value === undefined) return "–";
    return this.chart.unit === "percent"
      ? new Intl.NumberFormat(onward.language, { style: "percent" }).format(value)
      : new Intl.NumberFormat(onward.language, { maximumFractionDigits: 2 }).format(value);
  }
  draw() {
    if (!this.isConnected) return;
    this.plot?.destroy();
    const { x, ticks, series, axis: axisLabel, band } = this.chart;
    const [ink, line, accent, quiet] = ["text-3", "line", "accent", "text-3"].map((name) => this.colour(name));
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
    this.plot = new uPlot(
      {
        ...this.size(),
        legend: { show: false },
        cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
        scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 1, high + 1] : [low, high]) }, y: { range: (_, low, high) => this.valueRange(low, high) } },
        axes: [{ ...axis, grid: { show: false }, size: 30, label: axisLabel, labelSize: 18, labelFont: axis.font, splits: (_plot, _axis, low, high, step) => this.splits(low, high, Math.max(1, Math.round(step))), values: (_, values) => values.map((tick) => (ticks ? ticks[x.indexOf(tick)] : this.text(tick))) }, { ...axis, size: 52, values: (_, values) => values.map((tick) => this.text(tick)) }],
        series: [{}, ...(band ?? []).map(() => ({ width: 0, spanGaps: true, points: { show: false } })), ...series.map((curve) => ({ stroke: curve.predicted ? quiet : accent, width: 2, dash: curve.predicted ? [5, 4] : undefined, spanGaps: true, points: { show: !curve.predicted && x.length < 40, size: 6, fill: curve.predicted ? quiet : accent } }))],
        // The interval, as an area behind the curve.
        bands: band ? [{ series: [1, 2], fill: this.colour("accent-soft") }] : [],
        hooks: { setCursor: [(plot) => this.describe(plot.cursor.idx)] },
      },
      [x, ...(band ?? []), ...series.map((curve) => curve.values)],
      this,
    );
  }
  // Where the labels of the axis go: at points of the curve, the nearest to every step.
  splits(low, high, step) {
    const { x, ticks } = this.chart;
    const places = [];
    for (let at = Math.ceil(low / step) * step; at <= high; at += step) places.push(ticks ? x.reduce((best, point) => (Math.abs(point - at) < Math.abs(best - at) ? point : best)) : at);
    return [...new Set(places)];
  }
  valueRange(low, high) {
    if (low === null) return [0, 1];
    const margin = (high - low || Math.abs(high) || 1) * 0.15;
    const top = this.chart.unit === "percent" ? Math.min(1.02, high + margin) : high + margin;
    return [Math.max(0, low - margin), top];
  }
  describe(index) {
    const output = this.closest(".chart").querySelector("output");
    output.textContent = index === null || index === undefined ? "" : `${this.chart.labels[index]}: ${this.chart.series.map((curve) => `${curve.name} ${this.text(curve.values[index])}`).join(" · ")}${this.chart.notes ? ` · ${this.chart.notes[index]}` : ""}`;
    this.index = index;
  }
  step(event) {
    const delta = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const last = this.chart.x.length - 1;
    const target = event.key === "Home" ? 0 : event.key === "End" ? last : delta && Math.min(last, Math.max(0, (this.index ?? (delta > 0 ? -1 : last + 1)) + delta));
    if (target === undefined || !this.plot) return;
    event.preventDefault();
    this.plot.setCursor({ left: this.plot.valToPos(this.chart.x[target], "x"), top: 10 });
    this.describe(target);
  }
});
