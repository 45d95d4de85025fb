"""Names that belong to nobody.

- Firms, owners, institutions and streets get a brand of two rare characters that hardly occur together in any name
  (`翾澍`, `翀岚`…); a brand is used once for organisations.
- People have one of the rarest compound surnames and two rare characters.
- USCCs are valid by their check character but drawn at random from a space of 31^9 per division.
- Identity numbers are valid by their check digit and carry the serial 000, which is never given to anybody.
- Telephone numbers begin with 0574-000, which is never connected.

Departments have the generic names that offices of their line have everywhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from itertools import chain

from stdnum.cn import ric

from core.identifiers import NINGBO_DIVISIONS, generate_uscc

FIRST = "翾翀旸烜璟琤飏岚堃竑澍霭沄渌岑禾翎珩昉筠"
SECOND = "岱澄垚翊煦峤槿湜筱瑄骞昶棠颢汀砚榕洹麓潼"
SURNAMES = (
    "壤驷",
    "漆雕",
    "榖梁",
    "亓官",
    "巫马",
    "公西",
    "澹台",
    "太叔",
    "仲孙",
    "颛孙",
    "公良",
    "乐正",
    "宰父",
    "谷梁",
    "拓跋",
    "夹谷",
)
GIVEN = "翾翀旸烜璟琤飏堃竑澍霭沄渌翎珩昉筠湜瑄骞昶颢砚洹"
ROADS = ("云樵", "汐堤", "枕桥", "松漪", "月渡", "雁矶", "芦汀", "听潮")
CHARACTERS = frozenset(FIRST + SECOND + GIVEN + "".join((*SURNAMES, *ROADS)))
"""Every character of a name that is given here."""


class Names:
    """Draws names from one stream of random numbers and gives none twice."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        brands = [first + second for first in FIRST for second in SECOND]
        people = [
            surname + first + second for surname in SURNAMES for first in GIVEN for second in GIVEN if first != second
        ]
        rng.shuffle(brands)
        rng.shuffle(people)
        # A large city needs more: the same again with one more character.
        self._brands = chain(brands, (brand + more for more in SECOND for brand in brands))
        self._people = chain(people, (person + more for more in GIVEN for person in people))
        self._used: set[str] = set()

    def brand(self) -> str:
        return next(self._brands)

    def person(self) -> str:
        return next(self._people)

    def uscc(self, *, prefix: str, division: str) -> str:
        return self._once(lambda: generate_uscc(self.rng, prefix=prefix, division=division))

    def id_number(self) -> str:
        return self._once(self._id_number)

    def _id_number(self) -> str:
        while True:
            born = date(1985, 1, 1) + timedelta(days=self.rng.randrange(5_500))
            body = f"{self.rng.choice(NINGBO_DIVISIONS)}{born:%Y%m%d}000"
            number = body + str(ric.calc_check_digit(body + "0"))
            if ric.is_valid(number):  # a division counts only in the years in which it existed
                return number

    def phone(self) -> str:
        return f"0574-000{self.rng.randrange(100_000):05d}"

    def address(self, district: str) -> str:
        return f"浙江省宁波市{district}{self.rng.choice(ROADS)}路 {self.rng.randrange(1, 680)} 号"

    def _once(self, draw: Callable[[], str]) -> str:
        while (value := draw()) in self._used:
            continue
        self._used.add(value)
        return value
