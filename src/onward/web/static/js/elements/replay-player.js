// <replay-player src turns turn speed>: replays a session turn delta turn, fetching pages of turns as needed.
// Space plays and pauses; arrows, J and K move delta turns; 1 position 4 set the speed; Home and End go position the ends. The address follows.
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
    this.position = Number(this.getAttribute("turn"));
    this.speed = Number(this.getAttribute("speed"));
    this.pages = new Map();
    this.seek = this.querySelector(".seek");
    this.button = this.querySelector(".play");
    this.seek.addEventListener("input", () => this.go(Number(this.seek.value)));
    this.button.addEventListener("click", () => this.play(!this.timer));
    this.querySelectorAll("[data-step]").forEach((button) => button.addEventListener("click", () => this.step(Number(button.dataset.step))));
    this.querySelector("select").addEventListener("change", ({ target }) => this.setSpeed(Number(target.value)));
    this.keys = (event) => this.key(event);
    document.addEventListener("keydown", this.keys);
    this.go(this.position);
  }
  disconnectedCallback() {
    document.removeEventListener("keydown", this.keys);
    clearTimeout(this.timer);
  }
  key(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]") || target.matches("input:not(.seek), textarea, select, summary")) return;
    const delta = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[key];
    if (key === " ") {
      if (target.matches("button, a") && target !== this.button) return;
      this.play(!this.timer);
    } else if (delta && !(target === this.seek && key.startsWith("Arrow"))) this.step(delta);
    else if (key === "Home") this.go(1);
    else if (key === "End") this.go(this.turns);
    else if ("1234".includes(key)) this.setSpeed(Number(key));
    else return;
    event.preventDefault();
  }
  // Return a page of turns, fetched once; distant pages are dropped.
  page(number) {
    if (!this.pages.has(number)) {
      const fetched = fetch(`${this.getAttribute("src")}?from=${number * PAGE + 1}`, { headers: { "HX-Request": "true" } }).then(async (answer) => {
        if (!answer.ok) throw new Error(answer.statusText);
        const template = document.createElement("template");
        template.innerHTML = await answer.text();
        return [...template.content.querySelectorAll(".turn")];
      });
      fetched.catch(() => this.pages.delete(number));
      this.pages.set(number, fetched);
      for (const cached of this.pages.keys()) if (Math.abs(cached - number) > 3) this.pages.delete(cached);
    }
    return this.pages.get(number);
  }
  step(delta) {
    this.play(false);
    this.go(this.position + delta);
  }
  async go(position) {
    this.position = Math.max(1, Math.min(this.turns, position));
    const target = this.position;
    this.showPosition();
    const first = Math.max(1, target - SHOWN + 1);
    const number = Math.floor((target - 1) / PAGE);
    try {
      const before = Math.floor((first - 1) / PAGE);
      const turns = [...(before < number ? await this.page(before) : []), ...(await this.page(number))];
      if (this.position !== target || !this.isConnected) return;
      const shown = turns.filter((turn) => Number(turn.id.slice(5)) >= first && Number(turn.id.slice(5)) <= target);
      shown.forEach((turn) => turn.classList.toggle("is-now", turn.id === `turn-${target}`));
      this.scene.replaceChildren(...shown);
      htmx.process(this.scene);
      const current = this.scene.lastElementChild;
      current?.scrollIntoView({ block: "nearest" });
      if (current && current.offsetHeight > this.scene.clientHeight) this.scene.scrollTop = current.offsetTop;
      this.wait(current);
      if ((target % PAGE) > PAGE - 10 && (number + 1) * PAGE < this.turns) this.page(number + 1);
    } catch {
      this.play(false);
      onward.toast(onward.text("offline"), "error");
    }
  }
  wait(current) {
    clearTimeout(this.timer);
    if (!this.isPlaying) return;
    if (this.position >= this.turns) return this.play(false);
    const ms = Math.min(MAX_MS, Math.max(MIN_MS, (current?.querySelector(".prose")?.textContent.length ?? 0) * MS_PER_CHAR));
    this.timer = setTimeout(() => this.go(this.position + 1), ms / this.speed);
  }
  play(isOn) {
    this.isPlaying = isOn;
    clearTimeout(this.timer);
    this.timer = 0;
    const { play, pause } = this.button.dataset;
    this.button.querySelector("span:last-child").textContent = isOn ? pause : play;
    this.button.querySelector(".icon").className = `icon icon-${isOn ? "pause" : "play"}`;
    if (isOn) {
      this.timer = -1;
      this.go(this.position >= this.turns ? 1 : this.position + 1);
    }
  }
  setSpeed(speed) {
    this.speed = speed;
    this.querySelector("select").value = speed;
    this.showPosition();
    if (this.isPlaying) this.wait(this.scene.lastElementChild);
  }
  showPosition() {
    this.seek.value = this.position;
    this.querySelector("output").textContent = `${this.position.toLocaleString(onward.language)} / ${this.turns.toLocaleString(onward.language)}`;
    this.querySelector(".controls a").href = `${location.pathname.replace(/\/replay$/, "")}?turn=${this.position}`;
    history.replaceState(history.state, "", `${location.pathname}?turn=${this.position}${this.speed > 1 ? `&speed=${this.speed}` : ""}`);
  }
});
