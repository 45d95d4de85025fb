"""Files that people have uploaded, given out to be read and never to act: one place knows how."""

from __future__ import annotations

from django.db.models.fields.files import FieldFile
from django.http import FileResponse, Http404, HttpResponse

HARMLESS = "default-src 'none'; sandbox"
"""Whatever a file holds, the browser runs nothing of it as ours (Content-Security-Policy)."""


def hand_out(file: FieldFile, *, name: str = "", kind: str | None = None) -> FileResponse:
    """A stored file in pieces, called `name` or as it is stored. Raises Http404 for none, and for one that is gone.

    `kind`: its media type; without it Django reads it off the name.
    """
    if not file.name:
        raise Http404
    try:
        opened = file.open("rb")
    except FileNotFoundError as gone:
        raise Http404 from gone
    called = name or file.name.rpartition("/")[2]
    response = FileResponse(opened, as_attachment=False, filename=called, content_type=kind)
    harmless(response)
    return response


def harmless(response: HttpResponse | FileResponse) -> None:
    """Make an answer that holds somebody's file harmless."""
    response["Content-Security-Policy"] = HARMLESS
