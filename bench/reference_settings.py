"""Bare Django on the bench's database: no middleware, and the views of bench.reference alone."""

from config.settings import *  # noqa: F403
from config.settings import BASE_DIR, TEMPLATES

MIDDLEWARE = []
ROOT_URLCONF = "bench.reference"
TEMPLATES[0]["DIRS"] = [BASE_DIR / "templates", BASE_DIR / "bench" / "templates"]
TEMPLATES[0]["OPTIONS"] = {}
