"""What is left outside a data folder that was deleted and made anew at the same path, or moved.

Started by root, the services keep their files outside the data folder (see `places`). When that folder is deleted, a
fresh clone at the same path finds a database whose secrets are gone. A link inside the data folder tells the two apart.
"""

import shutil
from datetime import UTC, datetime

from config.embedded import postgres, valkey
from config.embedded.places import Places
from config.embedded.problems import ServiceProblem


def clear(where: Places, *, throwaway: bool) -> None:
    """Put the services' folder of an earlier data folder aside, or away if nobody can want it; link to the present one.

    Raises ServiceProblem when the data folder was moved away from its services.
    """
    if where.services.is_relative_to(where.data):
        return
    if where.pointer.is_symlink():
        if where.pointer.readlink() != where.services:
            raise ServiceProblem(
                f"{where.data} was moved: its database is in {where.pointer.readlink()}. Move it back, or run `make demo-reset`."
            )
        return
    if where.services.exists():
        valkey.stop(where)
        postgres.stop(where)
        if throwaway:
            shutil.rmtree(where.services)
        else:
            aside = f"{where.services.name}.left-{datetime.now(UTC):%Y%m%dT%H%M%S}"
            where.services.rename(where.services.with_name(aside))
    where.pointer.symlink_to(where.services)
