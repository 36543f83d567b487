"""The category of a piece of knowledge, by its words: a readable table, no model."""

from __future__ import annotations

from collections.abc import Iterable

from onward.core.text.prose import content_words, stem

CATEGORY_WORDS: dict[str, str] = {
    "database": "sql sqlite postgres postgresql psql mysql mariadb mongo redis migration migrate schema table column row query "
    "index transaction deadlock sqlite_busy busy_timeout database databases prisma "
    "sqlalchemy alembic knex typeorm orm constraint foreign seed pgvector rollback",
    "auth": "auth authentication authorization login logout jwt oauth cookie password permission denied forbidden unauthorized "
    "credential csrf sso "
    "sign-in signin 401 403 eacces",
    "network": "network cors origin http https port socket connection connect refused timeout dns proxy tls ssl certificate host localhost "
    "request response fetch api endpoint "
    "webhook econnrefused enotfound websocket grpc latency retry rate limit 404 429 500 502 503",
    "dependencies": "dependency dependencies package npm pnpm yarn bun pip uv poetry cargo gem lockfile version upgrade downgrade "
    "install module import resolve "
    "peer requirement node_modules modulenotfounderror importerror vendored",
    "build": "build compile compiler compilation bundle bundler webpack vite rollup esbuild tsc typescript tsconfig linker link "
    "cmake makefile gradle maven "
    "syntax syntaxerror type typeerror mypy pyright lint eslint ruff prettier format transpile artifact",
    "tests": "test tests pytest jest vitest mocha playwright cypress assert assertion assertionerror fixture mock coverage flaky "
    "snapshot spec suite e2e failing",
    "frontend": "react vue svelte angular css html component render browser dom tailwind layout button page hook props state style "
    "chart svg dark theme modal toast "
    "hydration tsx jsx hook",
    "deployment": "deploy deployment docker dockerfile container image kubernetes k8s helm compose ci cd pipeline workflow release "
    "staging production nginx systemd "
    "vercel netlify terraform aws gcp azure env environment rollout",
    "version control": "git commit branch merge rebase push pull conflict worktree checkout stash tag remote repository diff "
    "cherry-pick submodule pre-commit rebased worktrees",
    "files": "file folder directory path permission enoent disk encoding utf-8 symlink read write csv json yaml toml parse parser glob",
    "performance": "slow performance memory leak cache caching latency cpu profile benchmark optimise optimize concurrency thread "
    "async await race lock pool queue",
    "language models": "llm model prompt token embedding openai anthropic claude gpt gemini ollama completion context agent mcp "
    "tool rag vector",
}  # fmt: skip
"""The words of each category, the more specific category first: among equal scores the first wins."""

GENERAL = "general"
CATEGORIES: tuple[str, ...] = (*CATEGORY_WORDS, GENERAL)

_BY_STEM: dict[str, list[str]] = {}
for _category, _words in CATEGORY_WORDS.items():
    for _word in dict.fromkeys(stem(word) for word in _words.split()):
        _BY_STEM.setdefault(_word, []).append(_category)


def category_of(text: str) -> str:
    """Return the category with most of the different words of *text*; `general` if there is none.

    >>> category_of("psycopg: connection to server refused while running the migration of table orders")
    'database'

    """
    return best_category(stem(word) for word in content_words(text))


def best_category(stems: Iterable[str]) -> str:
    """Return the category with most of these *stems*. A word of several categories counts less for each."""
    votes: dict[str, float] = {}
    for term in sorted(set(stems)):
        for category in (categories := _BY_STEM.get(term, [])):
            votes[category] = votes.get(category, 0.0) + 1 / len(categories)
    return max(CATEGORIES[:-1], key=lambda name: votes.get(name, 0.0)) if votes else GENERAL
