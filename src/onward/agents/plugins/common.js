
import { spawn, spawnSync } from "node:child_process";

const COMMAND = ["onward"];
const AGENT = "";
/** A little longer than the hook's own deadline. */
const LIMIT_MS = 10_000;

function hookCall(event) {
  return [COMMAND[0], [...COMMAND.slice(1), "hook", event, "--agent", AGENT]];
}

/** Call one of Onward's hooks and return its text for the agent; empty where it has none, or where the call fails. */
function callHook(event, payload) {
  return new Promise((resolve) => {
    const hook = spawn(...hookCall(event), { stdio: ["pipe", "pipe", "ignore"], timeout: LIMIT_MS, windowsHide: true });
    let output = "";
    hook.stdout.on("data", (data) => (output += data));
    hook.stdin.on("error", () => {});
    hook.on("error", () => resolve(""));
    hook.on("close", () => resolve(readText(output)));
    hook.stdin.end(JSON.stringify(payload));
  });
}

/** Call a hook while the agent exits: nothing asynchronous runs any more. */
function callHookAtExit(event, payload) {
  spawnSync(...hookCall(event), { input: JSON.stringify(payload), stdio: ["pipe", "ignore", "ignore"], timeout: LIMIT_MS, windowsHide: true });
}

function readText(output) {
  try {
    return JSON.parse(output).hookSpecificOutput?.additionalContext ?? "";
  } catch {
    return "";
  }
}
