// One stream of what happens for the whole page, open only while something on it wants to know: onward.follow(element, see).
let stream = null;
const followers = new Map();

const close = () => {
  stream?.close();
  stream = null;
};
const connect = () => {
  if (stream || !followers.size || document.hidden) return;
  stream = new EventSource("/api/events");
  for (const kind of ["job", "import", "completed"]) {
    stream.addEventListener(kind, (event) => {
      const told = JSON.parse(event.data);
      for (const see of followers.values()) see(told);
    });
  }
  // Whatever happened before the stream was open, or while some was missed: look for yourself.
  for (const kind of ["open", "missed"]) stream.addEventListener(kind, () => followers.forEach((see) => see(null)));
};
// A page that nobody sees gives its connection to those that are seen: a browser has six to a server.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : connect()));
addEventListener("pagehide", close);

onward.follow = (element, see) => {
  followers.set(element, see);
  connect();
};
onward.unfollow = (element) => {
  followers.delete(element);
  if (!followers.size) close();
};
