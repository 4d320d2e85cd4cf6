"""Posts over HTTP. Rules: sunshine/rules/cms_blog.py. Tables: models/cms.py."""

from handlers.cms import ContentRow, Contents
from sunshine.rules.cms_blog import posts, revisions
from sunshine.schemas.cms import BLOG, CHANGE_BLOG, REVERT
from sunshine.web.content import Content
from sunshine.web.guards import body, content_reader, may, query, signed_in
from sunshine.web.handler import Handler
from sunshine.web.routes import Route


class Posts(Contents):
    """All posts."""

    kind = posts


class Post(ContentRow):
    """One post."""

    kind = posts


class PostAt(Content):
    """The post at an address, the one it has or one that it had."""

    async def get(self, slug: str) -> None:
        """The post; `movedTo` says its present address where it was asked for by another one."""
        self.reply_row(await posts.find_at(self.db["cms"], slug, actor=self.actor))


class Revisions(Handler):
    """What a post said before."""

    async def get(self, id_: int) -> None:
        """A page, the latest first."""
        page = await posts.revisions(self.db["cms"], id_, self.query, actor=self.actor)
        self.reply_page(page)


class Revert(Handler):
    """A post saying again what it said before."""

    async def post(self, id_: int) -> None:
        """What that revision said, as a new one."""
        async with self.transaction("cms") as tx:
            people = self.db.sunshine
            row = await posts.revert(tx, id_, **self.body, actor=self.actor, people=people)
            self.reply(row, message="Blog post reverted")


WRITES = may("cms:write", "cms:publish")
PUBLISHES = may("cms:publish")

routes = [
    Route(
        "/api/cms/blog",
        Posts,
        GET=[content_reader, query(posts.listing.schema)],
        POST=[signed_in, WRITES, body(BLOG)],
    ),
    Route(
        "/api/cms/blog/{id_}",
        Post,
        GET=[content_reader],
        PUT=[signed_in, WRITES, body(CHANGE_BLOG)],
        DELETE=[signed_in, PUBLISHES],
    ),
    Route("/api/cms/blog/slug/{slug:text}", PostAt, GET=[content_reader]),
    Route(
        "/api/cms/blog/{id_}/revisions",
        Revisions,
        GET=[signed_in, WRITES, query(revisions.schema)],
    ),
    Route("/api/cms/blog/{id_}/revert", Revert, POST=[signed_in, WRITES, body(REVERT)]),
]
