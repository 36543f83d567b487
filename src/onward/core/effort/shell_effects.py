"""What a shell line does: it reads, prepares a place to work in, or produces something.

A line does what the strongest of its commands does. Unknown commands produce, unless their verb says that they look
(`bd show`, `kubectl get`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, TypeAlias

ShellEffect: TypeAlias = Literal["reading", "preparing", "producing"]
_ORDER: tuple[ShellEffect, ...] = ("reading", "preparing", "producing")

_LONGEST_CHARS = 6000
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n(.*?)(?:^\s*\2\s*$|\Z)", re.S | re.M)
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.S)
_SUBSTITUTION = re.compile(r"\$\(((?:[^()]|\([^()]*\))*)\)|`([^`]*)`|[<>]\(((?:[^()]|\([^()]*\))*)\)")
_SEPARATORS = re.compile(r"&&|\|\|?|;|\n|(?<![<>&])&(?![>&\d])")
_REDIRECTION = re.compile(r"(?<![\d&=<-])\d?>{1,2}(?!&)\s*([^\s&;|>]+)")
_NO_FILE = re.compile(r"/dev/(?:null|stdout|stderr)|\$null|nul\b", re.I)
_ASSIGNMENT = re.compile(r"^[A-Za-z_]\w*\+?=\S*")
_HELP = frozenset("--help --version -version -V --usage".split())
_ASKING = frozenset(("help", "version", "-v", "-h"))
"""Alone behind a program, these ask what it is."""
_KEYWORDS = frozenset("do then else elif if while until ! { ( time sudo nohup command exec builtin nice stdbuf doas npx".split())
_ENDINGS = frozenset("done fi esac } )".split())
_LOOPS = frozenset("for case select function".split())

_READING = frozenset(
    "ls dir ll cat head tail less more bat nl grep egrep fgrep rg ag ack find fd echo printf pwd which where whereis wc sleep "
    "tree ps jq yq "
    "file stat du df env printenv date whoami id uname hostname sort uniq cut awk gawk true false test [ [[ cd pushd popd type "
    "xxd hexdump od "
    "strings diff cmp comm md5sum sha256sum shasum cksum basename dirname realpath readlink read man info apropos tr column "
    "fold rev tac paste "
    "groups join seq expr bc free uptime lsof ss netstat ping dig nslookup host journalctl dmesg nvidia-smi lscpu lsblk top "
    "htop history wait set "
    "unset let declare local return exit break continue shift trap ulimit clear alias jobs tty who last lspci traceroute tokei cloc sed "
    "findstr more.com ver select-string get-childitem get-content get-item get-location get-command get-process test-path select-object "
    "where-object format-table measure-object write-output write-host foreach-object sort-object "
    "format-list resolve-path get-date".split()
)
_PREPARING = frozenset(
    "mkdir export source . activate nvm fnm asdf corepack direnv rustup conda mamba pyenv rbenv sdk chmod virtualenv mktemp apt apt-get "
    "brew yum dnf pacman apk choco winget scoop".split()
)
_LOOKING_VERBS = frozenset(
    "show list ls status search get describe view info logs log tree why outdated freeze inspect ps version help explain diff "
    "lint-config cat "
    "dir history whoami which doctor prime ready children stats count current state print query images events top explain-error metadata "
    "env freeze checks tail head read-only usage docs root bin ping validate-token".split()
)
_CHANGING_VERBS = frozenset(
    "upgrade downgrade migrate apply set put remove rm drop reset start stop restart kill push publish deploy stamp scale revert".split()
)
"""Verbs after which a looking one is a name: `alembic upgrade head`."""
_PREPARING_VERBS = frozenset(
    "install ci i add sync restore fetch download pull clone init venv use enable activate update get up start bootstrap setup login "
    "deps.get checkout".split()
)
_MANAGERS = frozenset(
    "mise mim npm pnpm yarn bun pip pip3 uv poetry pipx pipenv cargo go bundle gem composer dotnet flutter dart mix pdm hatch "
    "rye conan nuget "
    "pre-commit playwright docker docker-compose podman gh glab".split()
)
"""Programs of which a verb like `install` or `up` prepares."""
_RUNNER = re.compile(r"(?:uv run|poetry run|pdm run|hatch run|bunx|pnpm (?:exec|dlx)|bundle exec)(?:\s+--?\S+)*\s+(.*)", re.S)
"""Programs that run another in an environment."""
_GIT: dict[str, ShellEffect] = {
    **dict.fromkeys(
        "status diff log show fetch pull blame rev-parse ls-files ls-remote ls-tree grep describe reflog shortlog cat-file check-ignore "
        "merge-base rev-list name-rev for-each-ref symbolic-ref show-ref whatchanged range-diff count-objects var help version "
        "diff-tree diff-index bisect-log show-branch fsck".split(),
        "reading",
    ),
    **dict.fromkeys("checkout switch clone worktree submodule stash init lfs sparse-checkout".split(), "preparing"),
}
_GIT_LOOKING = re.compile(
    r"(?:branch(?:\s+-[avr]+|\s+--(?:show-current|list|all|remotes|contains|merged|no-merged|sort)\S*(?:\s+\S+)?)*\s*$"
    r"|remote(?:\s+-v|\s+show\b.*|\s+get-url\b.*)?\s*$|stash\s+(?:list|show)\b|worktree\s+list\b"
    r"|config\s+(?:--\w+\s+)*(?:--get\S*.*|--list|-l|[\w.]+\s*$)|tag(?:\s+(?:-l|--list|-n|--sort)\S*(?:\s+\S+)?)*\s*$"
    r"|submodule\s+status\b|notes\s+show\b|bisect\s+log\b)"
)
_GIT_UNDOING = re.compile(r"checkout\s+(?:\S+\s+)?--\s|checkout\s+\.(?:\s|$)|stash\s+(?:drop|clear)\b|worktree\s+remove\b")
_SENDING = re.compile(
    r"(?:-X|--request)[ =]?['\"]?(?:POST|PUT|PATCH|DELETE)"
    r"|(?:^|\s)(?:-d|-F|-T|--data\S*|--form|--upload-file|--json|-OutFile|-Method)(?:[ =]|$)",
    re.I,
)
_CHANGING_SQL = re.compile(r"\b(?:insert|update|delete|create|drop|alter|truncate|grant|vacuum|replace|import)\b|(?:^|\s)(?:-f|<)\s", re.I)
_CHANGING_CODE = re.compile(
    r"write|open\([^)]*['\"][wax+]b?['\"]|unlink|remove|rename|mkdir|rmtree|subprocess|os\.system|exec(?:Sync)?\("
    r"|spawn|\.save|dump\(|to_csv|"
    r"copy(?:file|tree)|requests\.(?:post|put|delete)|execute\(|commit\(|main\(|\.run\(|replace_in",
    re.I,
)
_INTERPRETERS = re.compile(r"(?:\S*/)?(?:python[\d.]*|node|ruby|perl|php|deno|bun|Rscript)$")
_RUNS_CODE = re.compile(r"(?:^|[\s;&|/(])(?:python[\d.]*|node|ruby|psql|sqlite3|mysql|curl|wget|docker|kubectl|npm|npx|cargo|go)\s")
_SHELLS = frozenset(("sh", "bash", "zsh", "fish", "pwsh", "powershell"))


@lru_cache(maxsize=4096)
def shell_effect(command: str) -> ShellEffect:
    """Return what *command*, a shell line or several, does.

    >>> [shell_effect(c) for c in ("N=$(ls | wc -l)", "git checkout main && git pull", "make test")]
    ['reading', 'preparing', 'producing']

    """
    return max(
        (_effect_of_part(part, body) for part, body in _simple_commands(command[:_LONGEST_CHARS])), key=_ORDER.index, default="reading"
    )


def is_read_only(command: str) -> bool:
    """Return whether *command* only prints what is there, with tools that run nothing else: then its failing says
    nothing about the work.

    >>> is_read_only("cd src && rg -n cart | head"), is_read_only("python -c 'import cart'"), is_read_only("make test")
    (True, False, False)

    """
    return shell_effect(command) == "reading" and not _RUNS_CODE.search(_QUOTED.sub("", command))


def _simple_commands(command: str) -> Iterator[tuple[str, str]]:
    """Yield each simple command of *command* with the text that it is given in a here-document. Quoted text keeps its
    words, without what would separate commands.
    """
    bodies: list[str] = []

    def keep_body(match: re.Match[str]) -> str:
        bodies.append(match[4])
        return f" __BODY{len(bodies) - 1}__ {match[3]}\n"

    text = _HEREDOC.sub(keep_body, command).replace("\\\n", " ")
    text = _QUOTED.sub(_guard_quoted, text)
    while match := _SUBSTITUTION.search(text):
        inner = next(group for group in match.groups() if group is not None)
        yield from _simple_commands(inner)
        text = f"{text[: match.start()]}X{text[match.end() :]}"
    for part in _SEPARATORS.split(text):
        marks = re.findall(r"__BODY(\d+)__", part)
        yield re.sub(r"__BODY\d+__", "", part).strip(), "\n".join(bodies[int(mark)] for mark in marks if int(mark) < len(bodies))


def _guard_quoted(match: re.Match[str]) -> str:
    """Return a quoted text without separators and redirections; of a double-quoted one, its substitutions stay."""
    quoted = match[0]
    inner = [part[0] for part in _SUBSTITUTION.finditer(quoted)] if quoted[0] == '"' else []
    guarded = re.sub(r"[;|&<>`$()\n]", "\x00", quoted)
    return " ".join((guarded, *inner))


def _effect_of_part(part: str, body: str) -> ShellEffect:
    words = re.sub(r"^if\s*\([^)]*\)\s*\{?", "", part).lstrip("({ ").rstrip("})").split()
    if words[:2] == ["command", "-v"]:
        return "reading"
    while words and (words[0] in _KEYWORDS or _ASSIGNMENT.match(words[0]) or words[0] in ("env", "xargs", "timeout")):
        if words[0] in ("env", "xargs", "timeout"):
            words = _drop_wrapper(words)
            continue
        words = words[1:]
    if not words or words[0] in _ENDINGS or words[0] in _LOOPS or words[0].startswith("#"):
        return _redirected(part)
    plain = [word for word in words if not re.match(r"\d?>{1,2}(?:&\d|/dev/null)?$|\d?>/dev/null$|/dev/null$", word)]
    return max(_redirected(part), _effect_of_command(plain, body) if plain else "reading", key=_ORDER.index)


def _drop_wrapper(words: list[str]) -> list[str]:
    """Return what `env`, `xargs` or `timeout` runs; nothing for a bare one, which prints."""
    rest = words[1:]
    while rest and (rest[0].startswith("-") or _ASSIGNMENT.match(rest[0]) or re.fullmatch(r"[\d.]+[smh]?|\{\}|X", rest[0])):
        rest = rest[1:]
    return rest or ["true"]


def _redirected(part: str) -> ShellEffect:
    return "producing" if any(not _NO_FILE.match(target.strip("'\"")) for target in _REDIRECTION.findall(part)) else "reading"


def _effect_of_command(words: list[str], body: str) -> ShellEffect:
    name, arguments = words[0].strip("'\"").lower(), words[1:]
    program = name.rsplit("/", 1)[-1].removesuffix(".exe")
    rest = " ".join(arguments)
    if not _HELP.isdisjoint(arguments) or (len(arguments) == 1 and arguments[0] in _ASKING):
        return "reading"
    if program == "git":
        return _git_effect(arguments)
    if (runner := _RUNNER.match(f"{program} {rest}")) and runner[1]:
        return shell_effect(runner[1].replace("\x00", ";"))
    if program in _SHELLS:
        code = re.match(r"(?:-(?:No\w+|ExecutionPolicy\s+\S+)\s+)*-(?:\w*c|Command)\s+(.*)", rest, re.S | re.I)
        return shell_effect(code[1].strip(" '\"").replace("\x00", ";")) if code else "producing"
    if _INTERPRETERS.match(program):
        return _interpreter_effect(arguments, body)
    if program == "tmux":
        return "reading" if arguments[:1] and re.match(r"(?:display|list|show|capture|ls|has)", arguments[0]) else "preparing"
    if program in ("curl", "wget", "http", "xh", "invoke-webrequest", "iwr", "invoke-restmethod"):
        return "producing" if _SENDING.search(rest) else "reading"
    if program in ("psql", "sqlite3", "mysql", "redis-cli", "mongosh", "duckdb"):
        return "producing" if _CHANGING_SQL.search(f"{rest} {body}") else "reading"
    if program in ("sed", "find", "perl"):
        return (
            "producing"
            if re.search(r"(?:^|\s)(?:-i\b|-i\S*|--in-place|-pi\S*|-delete|-exec\s+(?:rm|mv|cp|sed)|-execdir)", rest)
            else "reading"
        )
    if program == "crontab":
        return "reading" if rest == "-l" else "producing"
    if program == "cp":
        return "preparing" if ".env" in rest else "producing"
    if program == "apt" and arguments[:1] == ["list"]:
        return "reading"
    if program in _READING:
        return "reading"
    return _verb_effect(program, arguments)


def _verb_effect(program: str, arguments: list[str]) -> ShellEffect:
    """Return what a program does by its verb: the first words that are no flags."""
    verbs = [word.strip("'\"").lower() for word in arguments if not word.startswith("-")][:3]
    if program in _PREPARING:
        return "reading" if verbs and verbs[0] in _LOOKING_VERBS else "preparing"
    if program in ("yarn", "bundle") and not verbs:
        return "preparing"
    if program == "gh" and verbs[:1] == ["api"]:
        return "producing" if re.search(r"-X|--method|(?:^|\s)-[fF]\b|--field|--input", " ".join(arguments)) else "reading"
    if program in ("dpkg", "rpm"):
        return "reading" if re.search(r"(?:^|\s)(?:-l|-L|-s|-q\w*)\b", " ".join(arguments)) else "preparing"
    if program == "terraform" and verbs[:1] == ["init"]:
        return "preparing"
    if program in ("kubectl", "terraform", "helm", "aws", "gcloud", "az", "heroku", "systemctl"):
        return "reading" if any(verb in _LOOKING_VERBS for verb in verbs[:3]) else "producing"
    if any(
        verb in ("run", "exec", "create", "close", "merge", "test", "build", "rerun", "edit", "delete", "comment") for verb in verbs[:2]
    ) and not (program in ("gh", "glab") and verbs[1:2] and verbs[1] in _LOOKING_VERBS):
        return "producing"
    if program in _MANAGERS and any(verb in _PREPARING_VERBS for verb in verbs[:2]):
        return "preparing"
    return "reading" if any(verb in _LOOKING_VERBS for verb in verbs[:2]) and verbs[0] not in _CHANGING_VERBS else "producing"


def _git_effect(arguments: list[str]) -> ShellEffect:
    rest = re.sub(r"^(?:-C\s+\S+\s+|-c\s+\S+\s+|--no-pager\s+|--git-dir\S*\s+|--work-tree\S*\s+|-P\s+)+", "", " ".join(arguments))
    if not rest or rest.startswith("--") or " --help" in f" {rest}" or _GIT_LOOKING.match(rest):
        return "reading"
    if _GIT_UNDOING.match(rest):
        return "producing"
    return _GIT.get(rest.split()[0], "producing")


def _interpreter_effect(arguments: list[str], body: str) -> ShellEffect:
    """Return what an interpreter does: code given on the line or in a here-document by its words, a script always
    produces.
    """
    rest = " ".join(arguments)
    if arguments[:1] == ["-m"] and len(arguments) > 1:
        if arguments[1] in ("venv", "virtualenv", "ensurepip"):
            return "preparing"
        if arguments[1] == "pip":
            return _verb_effect("pip", arguments[2:])
        return "reading" if arguments[1] in ("json.tool", "site", "sysconfig", "inspect") else "producing"
    if arguments[:1] and arguments[0] in ("-c", "-e", "-p", "-r"):
        return "producing" if _CHANGING_CODE.search(rest) else "reading"
    if body and (not arguments or arguments[0] == "-"):
        return "producing" if _CHANGING_CODE.search(body) else "reading"
    return "producing" if arguments else "reading"
