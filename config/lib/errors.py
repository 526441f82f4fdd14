"""The one base of all errors a person or a program may see.

Entrances map a DomainError once: to problem+json in the API, to a sentence on a page,
to one line and exit code 1 in a command. Anything else is a defect and stays a traceback.
"""

from dataclasses import dataclass


class DomainError(Exception):
    """Something the caller can understand and mend."""

    code = "error"
    status = 400

    def __init__(self, detail: str = "", *, pointer: str | None = None) -> None:
        """`detail` is a sentence with the remedy; `pointer` a JSON pointer to the field at fault."""
        self.detail = detail or (type(self).__doc__ or "").strip().splitlines()[0]
        self.pointer = pointer
        super().__init__(self.detail)


class NotFound(DomainError):
    """There is nothing with this id."""

    code = "not_found"
    status = 404


class Conflict(DomainError):
    """The object is in a state in which this cannot be done."""

    code = "conflict"
    status = 409


@dataclass(frozen=True)
class FieldError:
    """One thing wrong with one field: `pointer` is a JSON pointer, `detail` a sentence with the remedy."""

    pointer: str
    detail: str
    code: str = "invalid"


class Invalid(DomainError):
    """Some fields are not valid."""

    code = "invalid"
    status = 422

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        detail = "; ".join(f"{e.pointer}: {e.detail}" if e.pointer else e.detail for e in errors)
        super().__init__(detail, pointer=errors[0].pointer if errors else None)
