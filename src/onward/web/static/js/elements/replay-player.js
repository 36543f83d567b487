// <replay-player src turns turn speed>: plays a session back, turn by turn, from pages of turns that the server sends as they are needed.
// Space plays and pauses; arrows, J and K go by turns; 1 to 4 set the speed; Home and End go to the ends. The address says where it stands.
const PAGE = 40;
const SHOWN = 6;
const MIN_MS = 900;
const MAX_MS = 6000;
const MS_PER_CHAR = 12;

customElements.define("replay-player", class extends HTMLElement {
  connectedCallback() {
    this.scene = this.querySelector(".scene");
    if (!this.scene) return;
    this.turns = Number(this.getAttribute("turns"));
    this.at = Number(this.getAttribute("turn"));
    this.speed = Number(this.getAttribute("speed"));
    this.pages = new Map();
    this.seek = this.querySelector(".seek");
    this.button = this.querySelector(".play");
    this.seek.addEventListener("input", () => this.go(Number(this.seek.value)));
    this.button.addEventListener("click", () => this.play(!this.timer));
    this.querySelectorAll("[data-step]").forEach((one) => one.addEventListener("click", () => this.step(Number(one.dataset.step))));
    this.querySelector("select").addEventListener("change", ({ target }) => this.pace(Number(target.value)));
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.go(this.at);
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.keys);
    clearTimeout(this.timer);
  }
  key(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || target.matches("input:not(.seek), textarea, select, summary")) return;
    const by = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[key];
    if (key === " ") {
      if (target.matches("button, a") && target !== this.button) return;
      this.play(!this.timer);
    } else if (by && !(target === this.seek && key.startsWith("Arrow"))) this.step(by);
    else if (key === "Home") this.go(1);
    else if (key === "End") this.go(this.turns);
    else if ("1234".includes(key)) this.pace(Number(key));
    else return;
    event.preventDefault();
  }
  // A page of turns, fetched once; those that are far away are let go.
  page(number) {
    if (!this.pages.has(number)) {
      const fetched = fetch(`${this.getAttribute("src")}?from=${number * PAGE + 1}`, { headers: { "HX-Request": "true" } }).then(async (answer) => {
        if (!answer.ok) throw new Error(answer.statusText);
        const made = document.createElement("template");
        made.innerHTML = await answer.text();
        return [...made.content.querySelectorAll(".turn")];
      });
      fetched.catch(() => this.pages.delete(number));
      this.pages.set(number, fetched);
      for (const kept of this.pages.keys()) if (Math.abs(kept - number) > 3) this.pages.delete(kept);
    }
    return this.pages.get(number);
  }
  step(by) {
    this.play(false);
    this.go(this.at + by);
  }
  async go(to) {
    this.at = Math.max(1, Math.min(this.turns, to));
    const wanted = this.at;
    this.tell();
    const first = Math.max(1, wanted - SHOWN + 1);
    const number = Math.floor((wanted - 1) / PAGE);
    try {
      const before = Math.floor((first - 1) / PAGE);
      const found = [...(before < number ? await this.page(before) : []), ...(await this.page(number))];
      if (this.at !== wanted || !this.isConnected) return;
      const shown = found.filter((one) => Number(one.id.slice(5)) >= first && Number(one.id.slice(5)) <= wanted);
      shown.forEach((one) => one.classList.toggle("is-now", one.id === `turn-${wanted}`));
      this.scene.replaceChildren(...shown);
      htmx.process(this.scene);
      const now = this.scene.lastElementChild;
      now?.scrollIntoView({ block: "nearest" });
      if (now && now.offsetHeight > this.scene.clientHeight) this.scene.scrollTop = now.offsetTop;
      this.wait(now);
      if ((wanted % PAGE) > PAGE - 10 && (number + 1) * PAGE < this.turns) this.page(number + 1);
    } catch {
      this.play(false);
      onward.toast(onward.text("offline"), "error");
    }
  }
  wait(now) {
    clearTimeout(this.timer);
    if (!this.isPlaying) return;
    if (this.at >= this.turns) return this.play(false);
    const ms = Math.min(MAX_MS, Math.max(MIN_MS, (now?.querySelector(".prose")?.textContent.length ?? 0) * MS_PER_CHAR));
    this.timer = setTimeout(() => this.go(this.at + 1), ms / this.speed);
  }
  play(on) {
    this.isPlaying = on;
    clearTimeout(this.timer);
    this.timer = 0;
    const { play, pause } = this.button.dataset;
    this.button.querySelector("span:last-child").textContent = on ? pause : play;
    this.button.querySelector(".icon").className = `icon icon-${on ? "pause" : "play"}`;
    if (on) {
      this.timer = -1;
      this.go(this.at >= this.turns ? 1 : this.at + 1);
    }
  }
  pace(speed) {
    this.speed = speed;
    this.querySelector("select").value = speed;
    this.tell();
    if (this.isPlaying) this.wait(this.scene.lastElementChild);
  }
  tell() {
    this.seek.value = this.at;
    this.querySelector("output").textContent = `${this.at.toLocaleString(onward.language)} / ${this.turns.toLocaleString(onward.language)}`;
    this.querySelector(".controls a").href = `${location.pathname.replace(/\/replay$/, "")}?turn=${this.at}`;
    history.replaceState(history.state, "", `${location.pathname}?turn=${this.at}${this.speed > 1 ? `&speed=${this.speed}` : ""}`);
  }
});
