"""The root of the command line: imports a group on use, turns errors into exit codes."""

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
        """Return every command's name, in the order of the help page."""
        return sorted([*super().list_commands(ctx), *self._lazy])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; import it if necessary."""
        if cmd_name not in self._lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self._lazy[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or suggest those with a similar beginning.

        Click itself does not know commands that are not imported yet.
        """
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
        """Parse the arguments (Click's hook); errors about them contain nothing a terminal
        obeys."""
        with _escaped_messages():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; expected errors are printed in a line, not as a traceback."""
        try:
            with _escaped_messages():
                return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            output.say("\nInterrupted.")
            ctx.exit(output.INTERRUPTED)
        except (click.exceptions.Exit, click.ClickException):
            raise  # Click's own ways to end
        except Exception as error:
            explained = output.explained(error)
            if explained is None:
                raise
            lines, code = explained
            for line in lines:
                output.say(f"Error: {line}")
            ctx.exit(code)


def _similar(word: str, names: Iterable[str]) -> list[str]:
    """Return the names that start with a word or start it, or that are close to it."""
    listed = [name for name in names if name[:1] == word[:1]]
    begun = [name for name in listed if name.startswith(word) or word.startswith(name)]
    return begun or get_close_matches(word, listed)


@contextmanager
def _escaped_messages() -> Iterator[None]:
    """Escape the messages of Click, which quotes arguments unchanged, unknown options too."""
    try:
        yield
    except click.ClickException as error:
        vars(error)["message"] = shown_in_lines(error.message)
        raise
