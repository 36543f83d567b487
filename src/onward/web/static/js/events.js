// One event stream for the page: onward.follow(element, callback). It begins after the newest event that the page shows, and nothing is lost
// between a closed connection and the next: it continues after the last event.
const KINDS = ["job", "import", "completed", "refined", "deleted", "restored", "changed"];
let stream = null;
let lastId = Number(document.documentElement.dataset.event);
const followers = new Map();

const close = () => {
  stream?.close();
  stream = null;
};
const tell = (event) => {
  lastId = Number(event.lastEventId) || lastId;
  const detail = { kind: event.type, ...JSON.parse(event.data) };
  for (const callback of [...followers.values()]) callback(detail);
};
const connect = () => {
  if (stream || !followers.size || document.hidden) return;
  stream = new EventSource(`/api/events?after=${lastId}`);
  for (const kind of KINDS) stream.addEventListener(kind, tell);
  // Followers of a job check for themselves when the stream opens, and all of them when events were lost.
  for (const kind of ["open", "missed"]) stream.addEventListener(kind, () => followers.forEach((callback) => callback(null, kind)));
};
// A hidden page closes its connection: a browser allows six per server.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : connect()));
addEventListener("pagehide", close);
addEventListener("pageshow", connect);

onward.follow = (element, callback) => {
  followers.set(element, callback);
  connect();
};
onward.unfollow = (element) => {
  followers.delete(element);
  if (!followers.size) close();
};
