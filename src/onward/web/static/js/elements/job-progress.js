// <job-progress job src state next-url?>: updates its bar with the job's events and refetches itself when the state changes.
// It also polls, because events during a refetch are lost and some proxies delay events.
const POLL_MS = 4000;
customElements.define("job-progress", class extends HTMLElement {
  connectedCallback() {
    if (["queued", "running"].includes(this.getAttribute("state"))) {
      onward.follow(this, (detail) => this.update(detail));
      this.pollTimer = setInterval(() => this.poll(), POLL_MS);
    } else if (this.getAttribute("state") === "done" && this.hasAttribute("next-url")) this.goToResult();
  }
  disconnectedCallback() {
    clearInterval(this.pollTimer);
    onward.unfollow(this);
  }
  async poll() {
    if (document.hidden) return;
    const answer = await fetch(`/api/jobs/${this.getAttribute("job")}`).catch(() => null);
    const job = answer?.ok ? (await answer.json()).data : null;
    if (job && job.state !== this.getAttribute("state") && this.isConnected) this.update(null);
  }
  update(detail) {
    if (detail && detail.job_id !== Number(this.getAttribute("job"))) return;
    if (detail?.state === "running" && this.getAttribute("state") === "running" && detail.total) {
      const bar = this.querySelector("progress");
      bar.max = detail.total;
      bar.value = detail.done;
      this.querySelector(".of").textContent = `${detail.done.toLocaleString(onward.language)} / ${detail.total.toLocaleString(onward.language)}`;
      // The server renders the step, in the language of the page.
      htmx.ajax("GET", this.getAttribute("src"), { source: this, values: { is_step: "true" }, target: this.querySelector(".step"), select: ".step", swap: "outerHTML" });
    } else htmx.ajax("GET", this.getAttribute("src"), { source: this, target: this, swap: "outerHTML" });
  }
  goToResult() {
    const url = this.getAttribute("next-url");
    setTimeout(() => this.isConnected && htmx.ajax("GET", url, { target: "#main", swap: "outerHTML show:window:top", headers: { "HX-Boosted": "true" }, push: url }), 900);
  }
});
