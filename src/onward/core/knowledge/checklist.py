"""A checklist for an error without a known fix: usual causes, how to investigate, and how to prevent it. Rules, no
model.

The first rule whose words are in the error applies; without one, the error's category does.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from onward.core.knowledge.categories import category_of


class Advice(NamedTuple):
    """Likely causes, steps to investigate, commands to run, and prevention."""

    category: str
    causes: tuple[str, ...]
    steps: tuple[str, ...]
    commands: tuple[str, ...]
    prevention: tuple[str, ...]


_RULES: tuple[tuple[str, Advice], ...] = (
    (
        r"eaddrinuse|address already in use|port \d+ is (?:already )?(?:in use|allocated)",
        Advice(
            category="network",
            causes=("Another process is using the port, often an earlier run of the same program.",),
            steps=("Find the process that uses the port.", "Stop that process if it is yours, or choose another port."),
            commands=("ss -ltnp",),
            prevention=("Make the port configurable; let tests use a free one (port 0).",),
        ),
    ),
    (
        r"econnrefused|connection ?refused|could not connect|connect: connection",
        Advice(
            category="network",
            causes=(
                "The server is not running, or not ready yet.",
                "It listens on another host or port: inside a container, localhost is the container itself.",
            ),
            steps=(
                "Check that it is running, and on which address.",
                "Compare host and port with the setting that the program actually reads.",
                "Send it a request by hand from the same machine or container.",
            ),
            commands=("ss -ltn", "curl -v http://HOST:PORT/", "docker compose ps"),
            prevention=("Wait until the server is healthy; limit retries, and include the address in the error.",),
        ),
    ),
    (
        r"timed? ?out|deadline exceeded|etimedout",
        Advice(
            category="network",
            causes=(
                "The other side is slow, overloaded, or unreachable.",
                "Something waits for a lock, or there is a deadlock.",
                "The timeout is shorter than the work takes.",
            ),
            steps=(
                "Find what it was waiting for: the last line before it stopped.",
                "Run the same operation by hand and time it.",
                "Look for a lock, an exhausted pool, or a call without a timeout.",
            ),
            commands=("time COMMAND", "curl -w '%{time_total}\\n' URL"),
            prevention=("Give every wait a timeout, and say in the error what it was waiting for.",),
        ),
    ),
    (
        r"modulenotfounderror|no module named|cannot find module|importerror|unresolved import|could not resolve",
        Advice(
            category="dependencies",
            causes=(
                "The package is not installed where this program runs: another environment, or a lock file that was not installed.",
                "The import uses a different name than the package.",
                "It runs from a different folder than the import assumes.",
            ),
            steps=(
                "Print the search path of the interpreter that actually runs.",
                "Install from the lock file.",
                "Compare the import with the package's own documentation.",
            ),
            commands=("python -m pip show PACKAGE", "npm ls PACKAGE"),
            prevention=("Install from the lock file in one setup step, and run that step in CI.",),
        ),
    ),
    (
        r"enoent|no such file or directory|filenotfound|file not found|cannot open",
        Advice(
            category="files",
            causes=(
                "The path is relative, and the program runs in another folder.",
                "The step that creates the file did not run, or wrote it elsewhere.",
                "The name differs in upper and lower case.",
            ),
            steps=(
                "Print the full path and the program's current folder.",
                "List that folder.",
                "Find the step that creates the file, and run it.",
            ),
            commands=("pwd; ls -la",),
            prevention=("Build paths from the program's location, not from the current folder.",),
        ),
    ),
    (
        r"eacces|permission denied|operation not permitted|forbidden|\b403\b",
        Advice(
            category="auth",
            causes=(
                "The current user may not read, write or execute it.",
                "The token is valid but lacks a permission.",
                "A container runs as a different user than the owner of the files.",
            ),
            steps=(
                "Check which user runs the program and which owns the resource.",
                "For an API: decode the token and compare its permissions.",
            ),
            commands=("id; ls -la PATH",),
            prevention=("Grant only the permission that is needed, and test with it instead of as an administrator.",),
        ),
    ),
    (
        r"unauthorized|\b401\b|invalid (?:token|credentials|api key|signature)|authentication failed|expired",
        Advice(
            category="auth",
            causes=(
                "The credential is missing, expired, or for another environment.",
                "It is sent in a different form than expected (header, prefix, encoding).",
                "The clocks of the two machines differ.",
            ),
            steps=(
                "Check that the variable is set in the failing process, without printing it.",
                "Send a minimal request by hand.",
                "Compare issuer, audience and expiry.",
            ),
            commands=("curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Authorization: …' URL",),
            prevention=("Check credentials at start-up, and name the missing one.",),
        ),
    ),
    (
        r"database is locked|deadlock|could not obtain lock|lock wait timeout|index\.lock",
        Advice(
            category="database",
            causes=(
                "Two processes write the same data at once.",
                "A crashed process left its lock behind, or an open transaction waits for user input or the network.",
            ),
            steps=(
                "Find the process that holds the lock.",
                "If that process is gone, remove the stale lock; if it is running, wait for it or stop it.",
                "Look for a transaction that stays open during slow work.",
            ),
            commands=("ps aux", "SELECT * FROM pg_locks WHERE NOT granted;"),
            prevention=("Keep transactions short, acquire locks in a fixed order, and set a busy timeout.",),
        ),
    ),
    (
        r"does not exist|no such (?:table|column)|undefined (?:table|column)|relation \"|unknown column|migration",
        Advice(
            category="database",
            causes=("A migration has not run here, or ran against another database.", "The code expects a newer or older schema."),
            steps=(
                "Check the migration version of the database.",
                "Check which database the program actually uses.",
                "Run the migrations, then the smallest query.",
            ),
            commands=("alembic current", "npx prisma migrate status"),
            prevention=("Run migrations at start-up or on deployment, protected by a lock; test against a migrated database.",),
        ),
    ),
    (
        r"out of memory|heap out of|oomkilled|cannot allocate|killed\b.*\b9\b",
        Advice(
            category="performance",
            causes=(
                "A file or response is read all at once instead of in parts.",
                "The memory limit of the container or runtime is too low for the work.",
                "Something grows without a limit.",
            ),
            steps=(
                "Watch memory use while it runs.",
                "Halve the input: if memory use halves too, all of it is held in memory.",
                "Take a heap profile.",
            ),
            commands=("/usr/bin/time -v COMMAND",),
            prevention=("Stream data, limit queues and caches, and choose the memory limit deliberately.",),
        ),
    ),
    (
        (
            r"typeerror|is not assignable|has no attribute|undefined is not|cannot read propert|null ?pointer|nonetype|"
            r"incompatible type|ts\d{4}\b|e0\d{3}\b"
        ),
        Advice(
            category="build",
            causes=(
                (
                    "A value is missing or has a different type than the code assumes, usually at a boundary: parsed input, an optional "
                    "field, a changed function."
                ),
                "Types and code are of different versions.",
            ),
            steps=(
                "Go to the first line of your own code in the trace.",
                "Print or inspect the value there, and trace it back to its source.",
                "Write a failing test, then fix the boundary, not the symptom.",
            ),
            commands=(),
            prevention=("Validate input at the boundary; show optional values in their types.",),
        ),
    ),
    (
        r"assert|expected .* (?:to|but)|tests? failed|\d+ failed|snapshot",
        Advice(
            category="tests",
            causes=(
                "The behaviour changed, deliberately or not.",
                "The test depends on order, time, the network or the leftovers of another test.",
            ),
            steps=("Run that test alone.", "See what changed since it last passed.", "Decide which of the two is right: test or code."),
            commands=("git log --oneline -5", "git bisect start"),
            prevention=("Let each test create what it needs: no clock, no network, any order.",),
        ),
    ),
    (
        r"conflict|merge|rebase|non-fast-forward|rejected.*push|divergent",
        Advice(
            category="version control",
            causes=("Both sides changed the same lines.", "The remote has commits that you do not have locally."),
            steps=("See what both sides changed before editing anything.", "Resolve the conflicts file by file, then run the tests."),
            commands=("git status", "git log --oneline --left-right HEAD...@{upstream}"),
            prevention=("Merge the main branch often, and keep changes small.",),
        ),
    ),
)

_USUAL_CAUSES: dict[str, tuple[str, ...]] = {
    "database": ("The schema, the connection or the data differ from what the code assumes.",),
    "auth": ("A credential or permission is missing, or belongs to another environment.",),
    "network": ("The other side is unreachable, or responds unexpectedly.",),
    "dependencies": ("A package is missing, or has a different version than the code expects.",),
    "build": ("The compiler or bundler uses different files, versions or settings than you expect.",),
    "tests": ("Code and test disagree, or the test depends on something outside it.",),
    "frontend": ("The rendered state, props or markup differ from what is expected.",),
    "deployment": ("The environment differs from the one where it worked: variables, versions, files, permissions.",),
    "version control": ("The working tree or the branch is not in the state that the command expects.",),
    "files": ("A file is missing, in another location, or not in the expected format.",),
    "performance": ("Something runs too often, uses too much memory, or waits for something else.",),
    "language models": ("The request is too large or malformed, or the model responded unexpectedly.",),
}

_LONGEST_CHARS = 8000
_STEPS = (
    "Read the first error, not the last: later ones often follow from it.",
    "Repeat it with the smallest input that still fails.",
    "See what changed since it last worked: code, dependencies, settings, data.",
    "Change one thing at a time, and revert what did not help.",
)
_SEARCH_STEP = "Search the history for words of the error: onward search WORDS"
_PREVENTION = ("Write a test that fails the same way, then fix it.", "Say in the error what was expected and what was found.")


def advise(error: str) -> Advice:
    """Return the checklist for *error*: of the first rule that matches, else of its category. Of an error of no category nothing is known,
    so there is no cause and no command, but the step to search for it.
    """
    error = error[:_LONGEST_CHARS]
    for pattern, advice in _RULES:
        if re.search(pattern, error, re.I):
            return advice._replace(steps=(*advice.steps, *_STEPS[:3]), prevention=(*advice.prevention, *_PREVENTION[:1]))
    category = category_of(error)
    causes = _USUAL_CAUSES.get(category, ())
    if not causes:
        return Advice(category=category, causes=(), steps=(_SEARCH_STEP,), commands=(), prevention=_PREVENTION)
    return Advice(category=category, causes=causes, steps=_STEPS, commands=("git log --oneline -5", "git diff"), prevention=_PREVENTION)
