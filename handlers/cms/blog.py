"""Posts over HTTP. Rules: sunshine/modules/cms/blog.py. Tables: models/cms.py."""

from handlers.cms.content import ContentRow, Contents
from sunshine.modules.cms.blog import posts, revisions
from sunshine.modules.cms.schemas import BLOG, CHANGE_BLOG, POST, REVERT, REVISION
from sunshine.web.content import Content
from sunshine.web.files.attachment_spec import AttachmentSpec
from sunshine.web.files.attachments import WithAttachments
from sunshine.web.guards import body, content_reader, query, requires_permission, signed_in
from sunshine.web.response_specs import conflicts, created, item, not_modified, ok_message, page
from sunshine.web.routes import Route

IMAGES = AttachmentSpec("cms/blog", "blog")


class Posts(Contents):
    """All posts.

    `slug` is made of the title unless given; a slug that is taken is 409 `slug_taken`, and former
    slugs keep working. HTML is sanitised. Callers without `cms:write` see only what is public.
    Authors change their own drafts; publishing and changing everything else takes `cms:publish`.
    """

    kind = posts
    filing = IMAGES


class Post(ContentRow):
    """One post."""

    kind = posts
    filing = IMAGES


class PostAt(WithAttachments, Content):
    """The post that has or had a slug."""

    filing = IMAGES

    async def get(self, slug: str) -> None:
        """Get the post by its slug.

        For a former slug, `movedTo` is the present one.
        """
        self.reply_row(await posts.find_at(self.db["cms"], slug, actor=self.actor))


class Revisions(WithAttachments):
    """The revisions of a post."""

    filing = IMAGES

    async def get(self, id_: int) -> None:
        """List the revisions of a post, the latest first.

        For its author and for publishers.
        """
        page = await posts.revisions(self.db["cms"], id_, self.query, actor=self.actor)
        self.reply_page(page)


class Revert(WithAttachments):
    """Reverting a post."""

    filing = IMAGES

    async def post(self, id_: int) -> None:
        """Revert a post to a revision.

        The text of that revision becomes a new one, so nothing is lost.
        """
        async with self.transaction("cms") as tx:
            people = self.db.sunshine
            row = await posts.revert(tx, id_, **self.body, actor=self.actor, people=people)
            self.reply(row, message="Blog post reverted")


WRITES = requires_permission("cms:write", "cms:publish")
PUBLISHES = requires_permission("cms:publish")

routes = [
    Route(
        "/api/cms/blog",
        Posts,
        GET=[content_reader, query(posts.listing.schema), page(POST), not_modified],
        POST=[signed_in, WRITES, body(BLOG), created(POST), conflicts("slug_taken")],
    ),
    Route(
        "/api/cms/blog/{id_}",
        Post,
        GET=[content_reader, item(POST), not_modified],
        PUT=[signed_in, WRITES, body(CHANGE_BLOG), item(POST), conflicts("slug_taken")],
        DELETE=[signed_in, PUBLISHES, ok_message],
    ),
    Route("/api/cms/blog/slug/{slug:text}", PostAt, GET=[content_reader, item(POST), not_modified]),
    Route(
        "/api/cms/blog/{id_}/revisions",
        Revisions,
        GET=[signed_in, WRITES, query(revisions.schema), page(REVISION)],
    ),
    Route("/api/cms/blog/{id_}/revert", Revert, POST=[signed_in, WRITES, body(REVERT), item(POST)]),
]
