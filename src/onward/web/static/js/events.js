// One event stream for the page, open only while an element follows it: onward.follow(element, callback).
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
      const detail = JSON.parse(event.data);
      for (const callback of followers.values()) callback(detail);
    });
  }
  // Events before the connection, or missed ones: followers must check for themselves.
  for (const kind of ["open", "missed"]) stream.addEventListener(kind, () => followers.forEach((callback) => callback(null)));
};
// A hidden page closes its connection: a browser allows six per server.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : connect()));
addEventListener("pagehide", close);

onward.follow = (element, callback) => {
  followers.set(element, callback);
  connect();
};
onward.unfollow = (element) => {
  followers.delete(element);
  if (!followers.size) close();
};
