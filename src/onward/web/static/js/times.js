// Times: how long ago, kept true while the page stays open, and the reader's own zone in the title.
// A unit, its seconds, and from where on it is said: what rounds up to an hour is one.
const STEPS = [["day", 86400, 84600], ["hour", 3600, 3570], ["minute", 60, 0]];
const relative = new Intl.RelativeTimeFormat(onward.language, { numeric: "always" });
const exact = new Intl.DateTimeFormat(onward.language, { dateStyle: "medium", timeStyle: "short" });

const tell = (time) => {
  const at = new Date(time.dateTime);
  const seconds = (at - Date.now()) / 1000;
  time.title = exact.format(at);
  if (Math.abs(seconds) >= 604800) return;
  if (Math.abs(seconds) < 45) {
    time.textContent = onward.text("justNow");
    return;
  }
  const [unit, size] = STEPS.find(([, , from]) => Math.abs(seconds) >= from);
  time.textContent = relative.format(Math.round(seconds / size), unit);
};
const tellAll = (root) => root.querySelectorAll("time[data-relative]").forEach(tell);
setInterval(() => tellAll(document), 30000);
htmx.onLoad(tellAll);
