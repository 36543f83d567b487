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
            causes=("Another process listens on the port, often an earlier run of the same program.",),
            steps=("See who holds the port.", "End that process if it is yours, or choose another port."),
            commands=("ss -ltnp",),
            prevention=("Make the port a setting; let tests ask for a free one (port 0).",),
        ),
    ),
    (
        r"econnrefused|connection ?refused|could not connect|connect: connection",
        Advice(
            category="network",
            causes=(
                "The server is not running, or not ready yet.",
                "It listens at another host or port: inside a container, localhost is the container itself.",
            ),
            steps=(
                "Check that it runs and where it listens.",
                "Compare host and port with the setting that this program really reads.",
                "Ask it by hand from the same place.",
            ),
            commands=("ss -ltn", "curl -v http://HOST:PORT/", "docker compose ps"),
            prevention=("Wait until a server is healthy before using it; retry with a bound, and say the address in the error.",),
        ),
    ),
    (
        r"timed? ?out|deadline exceeded|etimedout",
        Advice(
            category="network",
            causes=(
                "The other side is slow, overloaded, or not reachable at all.",
                "Something waits for a lock, or for itself.",
                "The limit is shorter than the work takes.",
            ),
            steps=(
                "Find what it waited for: the last line before the silence.",
                "Do the same by hand and time it.",
                "Look for a lock, a full pool, or a call without a limit of its own.",
            ),
            commands=("time COMMAND", "curl -w '%{time_total}\\n' URL"),
            prevention=("Give every wait a limit and say in the error what was waited for.",),
        ),
    ),
    (
        r"modulenotfounderror|no module named|cannot find module|importerror|unresolved import|could not resolve",
        Advice(
            category="dependencies",
            causes=(
                "The package is not installed where this program runs: another environment, or a lock file that was not installed.",
                "The name in the import is not the package's.",
                "It runs from another folder than the import assumes.",
            ),
            steps=(
                "Ask the interpreter that really runs where it looks.",
                "Install from the lock file.",
                "Compare the import with the package's own documentation.",
            ),
            commands=("python -m pip show PACKAGE", "npm ls PACKAGE"),
            prevention=("Install from the lock file in one step of set-up, and run that step in CI.",),
        ),
    ),
    (
        r"enoent|no such file or directory|filenotfound|file not found|cannot open",
        Advice(
            category="files",
            causes=(
                "The path is relative and the program runs in another folder.",
                "What should have made the file did not run, or put it elsewhere.",
                "The name differs in capitals.",
            ),
            steps=(
                "Print the full path and the folder that the program runs in.",
                "List that folder.",
                "Find which step makes the file, and run it.",
            ),
            commands=("pwd; ls -la",),
            prevention=("Build paths from the place of the program, not from where it is called.",),
        ),
    ),
    (
        r"eacces|permission denied|operation not permitted|forbidden|\b403\b",
        Advice(
            category="auth",
            causes=(
                "The user that runs this may not read, write or execute it.",
                "A token is valid but lacks the right.",
                "A container runs as another user than the one who owns the files.",
            ),
            steps=("See who runs it and who owns what is asked for.", "For an API: decode what the token allows, and compare."),
            commands=("id; ls -la PATH",),
            prevention=("Give the one right that is needed, and test with it rather than as an administrator.",),
        ),
    ),
    (
        r"unauthorized|\b401\b|invalid (?:token|credentials|api key|signature)|authentication failed|expired",
        Advice(
            category="auth",
            causes=(
                "The credential is missing, expired, or of another environment.",
                "It is sent in another form than is expected (header, prefix, encoding).",
                "The clocks differ.",
            ),
            steps=(
                "Check that the variable is set in the process that fails, without printing it.",
                "Send the smallest request by hand.",
                "Compare issuer, audience and expiry.",
            ),
            commands=("curl -sS -o /dev/null -w '%{http_code}\\n' -H 'Authorization: …' URL",),
            prevention=("Check credentials at start, and say which one is missing by name.",),
        ),
    ),
    (
        r"database is locked|deadlock|could not obtain lock|lock wait timeout|index\.lock",
        Advice(
            category="database",
            causes=(
                "Two writers want the same thing at once.",
                "A process that died left its lock, or an open transaction waits for a person or the network.",
            ),
            steps=(
                "Find who holds the lock.",
                "If it is gone, take the stale lock away; if it is alive, wait or end it.",
                "Look for a transaction that stays open during slow work.",
            ),
            commands=("ps aux", "SELECT * FROM pg_locks WHERE NOT granted;"),
            prevention=("Keep transactions short, take locks in one order, set a busy timeout.",),
        ),
    ),
    (
        r"does not exist|no such (?:table|column)|undefined (?:table|column)|relation \"|unknown column|migration",
        Advice(
            category="database",
            causes=("A migration did not run here, or ran against another database.", "The code expects a newer or older schema."),
            steps=(
                "See which migration the database is at.",
                "Check which database the program really uses.",
                "Run the migrations, then the smallest query.",
            ),
            commands=("alembic current", "npx prisma migrate status"),
            prevention=("Run migrations at start or in the deployment, guarded by a lock; test against a migrated database.",),
        ),
    ),
    (
        r"out of memory|heap out of|oomkilled|cannot allocate|killed\b.*\b9\b",
        Advice(
            category="performance",
            causes=(
                "Something is read whole that should be read in parts.",
                "The limit of the container or runtime is lower than the work needs.",
                "Something grows without bound.",
            ),
            steps=(
                "Watch the memory while it runs.",
                "Halve the input: if half the memory goes, it is held whole.",
                "Take a heap profile.",
            ),
            commands=("/usr/bin/time -v COMMAND",),
            prevention=("Stream; bound queues and caches; set the limit knowingly.",),
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
                    "A value is missing or of another shape than the code assumes, mostly at a boundary: parsed input, an optional "
                    "field, a changed function."
                ),
                "Types and code are of different versions.",
            ),
            steps=(
                "Go to the first line of your own code in the trace.",
                "Print or inspect the value there, and follow it back to where it comes in.",
                "Write the test that fails, then mend the boundary, not the symptom.",
            ),
            commands=(),
            prevention=("Check input where it comes in; make what may be missing visible in its type.",),
        ),
    ),
    (
        r"assert|expected .* (?:to|but)|tests? failed|\d+ failed|snapshot",
        Advice(
            category="tests",
            causes=("The behaviour changed, on purpose or not.", "The test depends on order, time, the network or what another test left."),
            steps=("Run that one test alone.", "See what changed since it last passed.", "Decide which of the two is right: test or code."),
            commands=("git log --oneline -5", "git bisect start"),
            prevention=("Let each test make what it needs; no clock, no network, any order.",),
        ),
    ),
    (
        r"conflict|merge|rebase|non-fast-forward|rejected.*push|divergent",
        Advice(
            category="version control",
            causes=("Both sides changed the same lines.", "The remote has commits that are not here."),
            steps=("See what both sides did before touching anything.", "Resolve file by file, then run the tests."),
            commands=("git status", "git log --oneline --left-right HEAD...@{upstream}"),
            prevention=("Bring in the main branch often, and keep changes small.",),
        ),
    ),
)

_USUAL_CAUSES: dict[str, tuple[str, ...]] = {
    "database": ("The schema, the connection or the data differ from what the code assumes.",),
    "auth": ("A credential or a right is missing, or is of another environment.",),
    "network": ("The other side is not reachable, or answers other than expected.",),
    "dependencies": ("A package is missing, or of another version than the code expects.",),
    "build": ("The compiler or bundler sees other files, versions or settings than you do.",),
    "tests": ("Code and test disagree, or the test depends on what is outside of it.",),
    "frontend": ("State, props or markup differ between what is rendered and what is expected.",),
    "deployment": ("The environment differs from the one where it worked: variables, versions, files, rights.",),
    "version control": ("The working tree or the branch is not in the state that the command assumes.",),
    "files": ("A file is missing, elsewhere, or not of the form that is expected.",),
    "performance": ("Something is done too often, holds too much, or waits for another.",),
    "language models": ("The request is too large, of a wrong form, or the model answered other than expected.",),
}

_LONGEST_CHARS = 8000
_STEPS = (
    "Read the first error, not the last: later ones often follow from it.",
    "Repeat it with the smallest input that still fails.",
    "See what changed since it last worked: code, dependencies, settings, data.",
    "Change one thing at a time, and take back what did not help.",
)
_PREVENTION = ("Write a test that fails as this did, then mend it.", "Let the error say what was expected and what was found.")


def advise(error: str) -> Advice:
    """Return the checklist for *error*: of the first rule that matches, else of its category."""
    error = error[:_LONGEST_CHARS]
    for pattern, advice in _RULES:
        if re.search(pattern, error, re.I):
            return advice._replace(steps=(*advice.steps, *_STEPS[:3]), prevention=(*advice.prevention, *_PREVENTION[:1]))
    category = category_of(error)
    causes = _USUAL_CAUSES.get(category, ("Something that the code takes for granted does not hold here.",))
    return Advice(category=category, causes=causes, steps=_STEPS, commands=("git log --oneline -5", "git diff"), prevention=_PREVENTION)
