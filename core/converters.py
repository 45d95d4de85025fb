"""What may stand for a name in an address."""

from django.urls.converters import StringConverter


class Word(StringConverter):
    """A code or a name without control characters: PostgreSQL takes no NUL, and no code of ours is longer."""

    regex = r"[^/\x00-\x1f]{1,64}"
