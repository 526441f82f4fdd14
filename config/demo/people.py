"""A CSV of made-up people, the same for the same number: some invalid, some doubled, some without an address."""

import csv
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

_FIRST = ["Ana", "Ben", "Cleo", "Dmitri", "Élodie", "Fatima", "Gábor", "Hana", "Jörg", "Lucía", "Ömer", "Søren", "Thảo"]
_LAST = ["Adeyemi", "Björk", "Castillo", "Dubois", "García", "Haddad", "Ivanov", "Müller", "Nguyễn", "O'Brien", "Kim"]
_PLACES = [
    ("US", "en", "America/New_York"),
    ("GB", "en", "Europe/London"),
    ("DE", "de", "Europe/Berlin"),
    ("ES", "es", "Europe/Madrid"),
    ("VN", "vi", "Asia/Ho_Chi_Minh"),
]
HEADER = ["external_id", "email", "first_name", "last_name", "country", "language", "timezone", "plan", "mrr"]


@dataclass
class People:
    """What a written file holds: the valid addresses, and how many lines are of the other sorts."""

    emails: list[str] = field(default_factory=list)
    without_address: int = 0
    invalid: int = 0
    duplicate: int = 0

    @property
    def lines(self) -> int:
        return len(self.emails) + self.without_address + self.invalid + self.duplicate


def write_people(path: Path, count: int, *, domain: str = "people.example") -> People:
    """Write `count` lines (after the header) to `path`: 2 % invalid, 2 % duplicates, 1 % without an address."""
    random = Random(count)  # noqa: S311 - made-up people need no secrecy
    people = People()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(count):
            writer.writerow(_line(number, random, people, domain))
    return people


def _line(number: int, random: Random, people: People, domain: str) -> list[str]:
    first, last = random.choice(_FIRST), random.choice(_LAST)
    country, language, zone = random.choice(_PLACES)
    rest = [first, last, country, language, zone, random.choice(["free", "pro", "team"]), str(random.randrange(500))]
    email = f"p{number}@{domain}"
    sort = number % 100
    if sort in (13, 57):
        people.invalid += 1
        return [f"d{number}", f"p{number}@@{domain}", *rest]
    if sort in (31, 83) and people.emails:
        people.duplicate += 1
        return ["", random.choice(people.emails).upper(), *rest]
    if sort == 71:
        people.without_address += 1
        return [f"d{number}", "", *rest]
    people.emails.append(email)
    return [f"d{number}", email, *rest]
