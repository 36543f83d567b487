"""What is known of an agent: its names, where it keeps sessions, and how it is started.

A hook imports this module while an agent waits, so it uses no class machinery and imports nothing but types.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onward.core.hook_settings import HookSettings
    from onward.core.writer_command import WriterCommand


class SessionFolder:
    """Where an agent keeps sessions: files, or folders that are one transcript, below `folder` that match one of `patterns`.

    `holds_many` says that one file has many sessions.
    """

    __slots__ = ("folder", "holds_many", "patterns")

    def __init__(self, folder: str, *patterns: str, holds_many: bool = False) -> None:
        self.folder = folder
        self.patterns = patterns
        self.holds_many = holds_many


class Agent:
    """An agent, or a program that exports sessions.

    `id` is what sessions store and programs read, `label` what people read, and `aliases` other names that lead to the same agent; case,
    spaces and punctuation do not count. `formats` are the transcript formats that it writes and `folders` where it keeps them. `hooks` is
    None where Onward cannot be installed. `providers` are words by which an account's provider, plan or name shows that it is for this
    agent. `start_command` starts the agent with a prompt (`{}`), `resume_command` resumes a session by its id (`{}`), and `writer` has
    it write a handoff; None where it cannot. `is_chat` marks a chat in the browser, which runs no commands. `is_agent` is False for
    exporters and for conversations of unknown origin.
    """

    __slots__ = (
        "aliases",
        "folders",
        "formats",
        "hooks",
        "id",
        "is_agent",
        "is_chat",
        "label",
        "providers",
        "resume_command",
        "start_command",
        "writer",
    )

    def __init__(
        self,
        agent_id: str,
        label: str,
        *,
        aliases: tuple[str, ...] = (),
        formats: tuple[str, ...] = (),
        folders: tuple[SessionFolder, ...] = (),
        hooks: HookSettings | None = None,
        providers: tuple[str, ...] = (),
        start_command: str = "",
        resume_command: str = "",
        writer: WriterCommand | None = None,
        is_chat: bool = False,
        is_agent: bool = True,
    ) -> None:
        self.id = agent_id
        self.label = label
        self.aliases = aliases
        self.formats = formats
        self.folders = folders
        self.hooks = hooks
        self.providers = providers
        self.start_command = start_command
        self.resume_command = resume_command
        self.writer = writer
        self.is_chat = is_chat
        self.is_agent = is_agent
