"""Where the embedded services keep what is theirs.

PostgreSQL refuses to run as root. Started by root, both services therefore run as `nobody`, and their files lie in
`/var/lib/mingxuan/<hash of the data folder>`: only that folder is given away, and no parent of the data folder (often
somebody's home) has to be opened to others. Started by anybody else, everything lies in the data folder.
"""

import hashlib
import os
import pwd
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT_PLACE = Path("/var/lib/mingxuan")
SOCKET_LIMIT = 90


@dataclass(frozen=True)
class Places:
    data: Path
    services: Path
    sockets: Path
    uid: int | None
    gid: int | None

    @property
    def cluster(self) -> Path:
        return self.services / "postgres"

    @property
    def valkey(self) -> Path:
        return self.services / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def locks(self) -> Path:
        return self.data / "run"

    @property
    def pointer(self) -> Path:
        """Links to the services' folder outside the data folder; missing in a data folder made anew."""
        return self.data / "services-of-root"

    @property
    def secrets(self) -> Path:
        return self.data / "secrets.env"


def places(data: Path) -> Places:
    """Say where the services of this data folder are; nothing is created."""
    digest = hashlib.sha256(os.fsencode(data.resolve())).hexdigest()[:12]
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        services = ROOT_PLACE / digest
        return Places(data, services, services / "run", nobody.pw_uid, nobody.pw_gid)
    sockets = data / "services" / "run"
    if len(os.fsencode(sockets)) > SOCKET_LIMIT:  # a socket's path has room for 107 bytes
        sockets = Path(tempfile.gettempdir()) / f"mingxuan-{os.geteuid()}-{digest}"
    return Places(data, data / "services", sockets, None, None)
