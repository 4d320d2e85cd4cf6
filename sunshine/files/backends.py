"""The storage that the settings ask for."""

from sunshine.core.settings import Settings
from sunshine.files.local import LocalStorage
from sunshine.files.storage import Storage


def storage_of(settings: Settings) -> Storage:
    """Return the configured storage."""
    if settings.storage_url:
        from sunshine.files.s3 import S3Storage  # takes long to import

        return S3Storage.configured(settings)
    return LocalStorage(settings.directory)
