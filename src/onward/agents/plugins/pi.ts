/** pi calls this once for every session, and again after /new, /resume, /fork and /reload. */
export default function (pi) {
  let handoff = "";

  const call = (event, context, source) => {
    const transcript = context.sessionManager.getSessionFile();
    // A session without a file is not kept.
    return transcript
      ? callHook(event, { session_id: context.sessionManager.getSessionId(), transcript_path: transcript, cwd: context.cwd, source })
      : "";
  };

  pi.on("session_start", async (event, context) => {
    handoff = await call("session-start", context, event.reason);
  });
  // In the system prompt, which a compaction leaves as it is, and which is not part of the transcript.
  pi.on("before_agent_start", (event) => (handoff ? { systemPrompt: `${event.systemPrompt}\n\n${handoff}` } : undefined));
  pi.on("session_before_compact", async (_event, context) => {
    await call("pre-compact", context);
  });
  pi.on("session_compact", async (_event, context) => {
    await call("post-compact", context);
  });
  pi.on("agent_end", async (_event, context) => {
    await call("stop", context);
  });
  pi.on("session_shutdown", async (event, context) => {
    if (event.reason !== "reload") await call("session-end", context, event.reason);
  });
}
