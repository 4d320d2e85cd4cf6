"""The root of the command line: imports a group when it is used, turns errors into exit codes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from sunshine.commands import output
from sunshine.core.characters import shown_in_lines


class LazyGroup(click.Group):
    """A group whose other commands are named as `module:attribute`."""

    def __init__(self, *args: Any, lazy: dict[str, str], **kwargs: Any) -> None:
        context = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        super().__init__(*args, context_settings=context, **kwargs)
        self._lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command's name, in the order of the help page."""
        return sorted([*super().list_commands(ctx), *self._lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now if it must be."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest those whose names begin alike: Click knows none that is not
        imported yet."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            hidden = {name for name, command in self.commands.items() if command.hidden}
            names = [name for name in self.list_commands(ctx) if name not in hidden]
            alike = " or ".join(map(repr, _similar(args[0], names)))
            if not alike:
                raise
            message = f"No such command {args[0]!r}. Did you mean {alike}?"
            raise click.UsageError(message, ctx) from None

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Click's hook: what is wrong with the arguments is told without what a terminal obeys."""
        with _harmless():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what can go wrong by itself is told in a line, not in a traceback."""
        try:
            with _harmless():
                return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            output.say("\nInterrupted.")
            ctx.exit(output.INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException):
            raise  # Click's own ways to end
        except Exception as error:
            told = output.explained(error)
            if told is None:
                raise
            lines, code = told
            for line in lines:
                output.say(f"Error: {line}")
            ctx.exit(code)


def _similar(word: str, names: Iterable[str]) -> list[str]:
    """Names that one word is the beginning of, or that are close to it and begin alike."""
    listed = [name for name in names if name[:1] == word[:1]]
    begun = [name for name in listed if name.startswith(word) or word.startswith(name)]
    return begun or get_close_matches(word, listed)


@contextmanager
def _harmless() -> Iterator[None]:
    """Click quotes arguments as they came, an option's name that does not exist too."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = shown_in_lines(error.message)
        raise
