export const Onward = async ({ directory }) => {
  /** The sessions of this instance by id, each with the promise of its handoff. Those of sub-agents are their parents' work. */
  const sessions = new Map();
  const subAgents = new Set();
  const created = new Set();
  const compacting = new Set();

  const payload = (id, source) => ({ session_id: id, cwd: directory, source });
  const start = (id) => {
    if (!sessions.has(id)) sessions.set(id, callHook("session-start", payload(id, created.has(id) ? "startup" : "resume")));
    return sessions.get(id);
  };
  const isOwn = (id) => id && !subAgents.has(id);

  return {
    config: async (config) => {
      config.mcp = { onward: { type: "local", command: [...COMMAND, "mcp"], enabled: true, timeout: 30_000 }, ...config.mcp };
    },
    event: async ({ event }) => {
      const { sessionID, info } = event.properties ?? {};
      const id = sessionID ?? info?.id;
      if (event.type === "session.created") (info?.parentID ? subAgents : created).add(id);
      else if (event.type === "session.idle" && sessions.has(id)) await callHook("stop", payload(id));
      else if (event.type === "session.compacted" && sessions.has(id)) await callHook("post-compact", payload(id));
    },
    "chat.message": async ({ sessionID }) => {
      if (isOwn(sessionID)) await start(sessionID);
    },
    // In the system prompt, which a compaction leaves as it is, and which is not part of the transcript. A title and the summary of a
    // compaction are requests of the same session; they need no handoff.
    "experimental.chat.system.transform": async ({ sessionID }, output) => {
      if (!isOwn(sessionID) || output.system.some((text) => text.startsWith("You are a title generator"))) return;
      if (compacting.delete(sessionID)) return;
      const handoff = await start(sessionID);
      if (handoff) output.system.push(handoff);
    },
    "experimental.session.compacting": async ({ sessionID }) => {
      compacting.add(sessionID);
      if (sessions.has(sessionID)) await callHook("pre-compact", payload(sessionID));
    },
    dispose: async () => {
      for (const id of sessions.keys()) callHookAtExit("session-end", payload(id, "exit"));
      sessions.clear();
    },
  };
};
