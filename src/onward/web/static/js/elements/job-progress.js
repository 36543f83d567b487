// <job-progress job src state then?>: moves its bar with the events of that job, and fetches itself anew when its state changes.
// An event that came while it did so was nobody's, and some proxies hold events back: now and again it asks.
const ASKS_AFTER_MS = 4000;
customElements.define("job-progress", class extends HTMLElement {
  connectedCallback() {
    if (["queued", "running"].includes(this.getAttribute("state"))) {
      onward.follow(this, (told) => this.see(told));
      this.asking = setInterval(() => this.ask(), ASKS_AFTER_MS);
    } else if (this.getAttribute("state") === "done" && this.hasAttribute("then")) this.leave();
  }
  disconnectedCallback() {
    clearInterval(this.asking);
    onward.unfollow(this);
  }
  async ask() {
    if (document.hidden) return;
    const answer = await fetch(`/api/jobs/${this.getAttribute("job")}`).catch(() => null);
    const job = answer?.ok ? (await answer.json()).data : null;
    if (job && job.state !== this.getAttribute("state") && this.isConnected) this.see(null);
  }
  see(told) {
    if (told && told.job_id !== Number(this.getAttribute("job"))) return;
    if (told?.state === "running" && this.getAttribute("state") === "running" && told.total) {
      const bar = this.querySelector("progress");
      bar.max = told.total;
      bar.value = told.done;
      this.querySelector(".of").textContent = `${told.done.toLocaleString(onward.language)} / ${told.total.toLocaleString(onward.language)}`;
      // What it is at is said by the server, in the language of the page.
      htmx.ajax("GET", this.getAttribute("src"), { source: this, values: { is_step: "true" }, target: this.querySelector(".step"), select: ".step", swap: "outerHTML" });
    } else htmx.ajax("GET", this.getAttribute("src"), { source: this, target: this, swap: "outerHTML" });
  }
  leave() {
    const there = this.getAttribute("then");
    setTimeout(() => this.isConnected && htmx.ajax("GET", there, { target: "#main", swap: "outerHTML show:window:top", headers: { "HX-Boosted": "true" }, push: there }), 900);
  }
});
