"""`sunshine openapi`: the API's description. What makes it: sunshine/web/openapi."""

import click


@click.command()
@click.option("--server", metavar="URL", help="The base URL to name, instead of BASE_DOMAIN.")
def openapi(server: str | None) -> None:
    """Print the API's description (OpenAPI 3.1), as /api/openapi.json answers it.

    For generators of clients, linters and gateways.
    """
    import server as parts
    from sunshine.commands import output
    from sunshine.commands.context import configured
    from sunshine.web.openapi.document import describe

    output.document(describe(parts.routes(), server=server or configured().base_domain))
