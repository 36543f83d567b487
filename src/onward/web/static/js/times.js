// Relative times, updated while the page is open, with the reader's time zone in the title.
// Unit, its seconds, and the threshold: what rounds up to an hour is shown as one.
const STEPS = [["day", 86400, 84600], ["hour", 3600, 3570], ["minute", 60, 0]];
const relative = new Intl.RelativeTimeFormat(onward.language, { numeric: "always" });
const exact = new Intl.DateTimeFormat(onward.language, { dateStyle: "medium", timeStyle: "short" });

const showTime = (time) => {
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
const clock = new Intl.DateTimeFormat(onward.language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(onward.language, { dateStyle: "full" });
const showClocks = (root) => {
  for (const time of root.querySelectorAll("time[data-clock]")) {
    time.textContent = clock.format(new Date(time.dateTime));
    time.title = exact.format(new Date(time.dateTime));
  }
  for (const time of root.querySelectorAll("time[data-day]")) time.textContent = day.format(new Date(time.dateTime));
};
htmx.onLoad(showClocks);
const showTimes = (root) => root.querySelectorAll("time[data-relative]").forEach(showTime);
setInterval(() => showTimes(document), 30000);
htmx.onLoad(showTimes);
