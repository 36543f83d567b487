import { homedir } from "node:os";
import { join } from "node:path";

/** What the hooks get of the session, null before the first. Each session has this plugin in a process of its own. */
let session = null;
let handoff = null;

function payload(more) {
  const data = process.env.CLINE_DATA_DIR || join(process.env.CLINE_DIR || join(homedir(), ".cline"), "data");
  const transcript = join(data, "sessions", session.id, `${session.id}.messages.json`);
  return { session_id: session.id, transcript_path: transcript, cwd: session.cwd, ...more };
}

function end() {
  if (session) callHookAtExit("session-end", payload({ reason: "exit" }));
  session = null;
}

export const plugin = {
  name: "onward",
  manifest: { capabilities: ["hooks", "rules"] },
  setup(api, context) {
    const id = context.session?.sessionId;
    if (!id) return;
    if (session && session.id !== id) end();
    if (!session) handoff = null;
    session = { id, cwd: context.workspaceInfo?.rootPath ?? process.cwd() };
    // A rule is part of the system prompt, which a compaction leaves as it is, and which is not part of the transcript.
    api.registerRule({ id: "onward-handoff", content: () => (handoff ??= callHook("session-start", payload({ source: "startup" }))) });
  },
  hooks: {
    async afterRun() {
      if (session) await callHook("stop", payload());
    },
  },
};
export default plugin;

process.on("exit", end);
// Cline ends the process of its plugins with a signal; where it is killed itself, the channel to it closes.
if (process.send) for (const ending of ["SIGTERM", "disconnect"]) process.once(ending, () => process.exit(0));
