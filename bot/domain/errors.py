"""Every error this program raises on purpose.

    BotError
    ├─ UserError          expected; the person reads it
    │  ├─ UsageError      what was wrong and one valid example
    │  ├─ NotAllowed      names the role that is needed
    │  ├─ NotFound        there is no such thing here
    │  ├─ Conflict        what is true now and what to do next
    │  └─ Ambiguous       several readings: a numbered question
    ├─ ConfigError        the operator's; all problems at once; exit code 2
    ├─ StartError         refuses to start, in one sentence; exit code 3
    │  └─ StoreError      a database that is newer, damaged or not ours
    ├─ DiskError          the disk takes nothing more: all work ends; exit code 4
    └─ TransportError     never shown in a chat as it is
       ├─ Retry           try again at a time
       └─ GiveUp          will never work; the reason

Rule: a `UserError` is a sentence with values, not a finished string, so that it can be said in the
room's language and so that people's words inside it are always escaped.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any


class BotError(Exception):
    """The root of all errors raised on purpose."""


class UserError(BotError):
    """An expected refusal, told to the person who typed.

    Args:
        template: A Markdown sentence with `{name}` places, in English (a gettext message id).
        values: What goes into the places; see `bot.text.Text` for how each kind is shown.

    `typed` is the id that the command was typed with, if it was.
    """

    def __init__(self, template: str, /, **values: Any) -> None:
        super().__init__(template)
        self.template = template
        self.values = values
        self.typed: str | None = None


class UsageError(UserError):
    """The input was unclear or impossible; the sentence ends with one valid example."""


class NotAllowed(UserError):
    """The person lacks the role; the sentence names the role."""


class NotFound(UserError):
    """No such object in this room or federation."""


class Conflict(UserError):
    """The step does not fit what is true now; the sentence says what is true and what to do."""


class Ambiguous(UserError):
    """Several readings are possible; the bot asks a numbered question and takes the number.

    Args:
        template: The question, without the numbers.
        choices: Pairs of the label shown, a string or a sentence, and the whole command that choosing it stands for.
        values: What goes into the places of `template`.
    """

    def __init__(self, template: str, /, choices: Sequence[tuple[object, str]], **values: Any) -> None:
        super().__init__(template, **values)
        self.choices = list(choices)


class ConfigError(BotError):
    """The configuration cannot be used.

    Args:
        problems: One sentence each, starting with its path in the YAML file (`invites.allow[2]: …`).
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class StartError(BotError):
    """The program must not start as things are; its text is one sentence with the remedy."""


class StoreError(StartError):
    """The database is newer than this program, damaged, or belongs to something else."""


class DiskError(BotError):
    """The disk takes nothing more; its text is what is wrong and what helps."""


class TransportError(BotError):
    """The homeserver did not do what was asked."""


class Retry(TransportError):
    """It may work later.

    Args:
        reason: For the log and `!status`; never holds message text.
        after: How long to wait, if the server said so.
        everywhere: Whether the server asked the whole account to slow down (429).

    `is_doubtful` says whether it may have been done all the same, because the answer was lost.
    """

    def __init__(self, reason: str, after: timedelta | None = None, *, everywhere: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.after = after
        self.everywhere = everywhere
        self.is_doubtful = False


class GiveUp(TransportError):
    """It will never work as asked.

    Args:
        reason: For the log and `!status`; never holds message text.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
