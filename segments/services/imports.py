"""The life of an import: received, prepared, checked, run. Each verb leaves a state that another can carry on from."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import PurePath
from typing import BinaryIO

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.core.files import File
from django.db import connection, transaction

from config.lib.errors import Conflict, DomainError
from config.lib.leases import MAX_ATTEMPTS, Lease, LeaseLost, take
from config.lib.sql import queries
from segments.importing.mapping import guessed_mapping, parsed_mapping
from segments.importing.reading import UnreadableFile
from segments.importing.sniffing import sniff
from segments.models import Attribute, ContactList, Import
from segments.places import country_code
from segments.selectors.imports import outcomes, preset, registered_attributes
from segments.services.attribute_writers import note_writer
from segments.services.attributes import register_attribute
from segments.services.staging import judge, stage
from segments.services.upserting import write

State = Import.State
_FORGET_ROWS = 50_000


class ImportBusy(Conflict):
    """This import is in a state in which that cannot be done."""

    code = "import_busy"


class ImportStopped(DomainError):
    """Its worker stopped five times without progress. The log of the workers says why; then run it again."""

    code = "import_stopped"


def receive(
    *, file: BinaryIO, name: str, by: AbstractBaseUser | None = None, encoding: str = "", delimiter: str = ""
) -> Import:
    """Keep a file, find out how to read it, and guess its mapping (the one last used for the same columns).

    Raises UnreadableFile, saying what to do; then nothing is kept.
    """
    name = PurePath(name).name
    upload = File(file, name=name)
    if upload.size > settings.IMPORT_MAX_BYTES:
        raise UnreadableFile(
            f"The file has {upload.size:,} bytes, at most {settings.IMPORT_MAX_BYTES:,} can be imported: split it."
        )
    sniffed = sniff(file, max_columns=settings.IMPORT_MAX_COLUMNS, encoding=encoding, delimiter=delimiter)
    import_ = Import(
        name=name[-255:],
        size=upload.size,
        format=sniffed.format,
        encoding=sniffed.encoding,
        delimiter=sniffed.delimiter,
        columns=list(sniffed.columns),
        created_by_id=by.pk if by else None,
    )
    remembered = preset(sniffed.columns)
    import_.mapping = remembered.mapping if remembered else guessed_mapping(sniffed, registered_attributes())
    import_.default_region = remembered.default_region if remembered else ""
    upload.seek(0)
    import_.file.save(name[-80:], upload, save=False)
    import_.save()
    return import_


def prepare(
    import_: Import,
    *,
    mapping: Mapping[str, str] | None = None,
    update_policy: str = Import.UpdatePolicy.OVERWRITE,
    default_region: str = "",
    to_list: ContactList | None = None,
) -> Import:
    """Settle how the file is meant, forget an earlier dry run, and let the next one begin.

    Raises Invalid (a column at fault each), UnknownPlace, and ImportBusy when it is being worked on or is over.
    """
    if import_.state in (State.RUNNING, State.COMPLETED) or (import_.results and import_.state == State.FAILED):
        raise ImportBusy(f"The import is {import_.get_state_display().lower()}; upload the file again to change it.")
    chosen = import_.mapping if mapping is None else dict(mapping)
    parsed_mapping(import_.columns, chosen, registered_attributes())
    import_.mapping = {column: chosen.get(column, "") for column in import_.columns}
    import_.update_policy = Import.UpdatePolicy(update_policy)
    import_.default_region = country_code(default_region) if default_region else ""
    import_.list = to_list
    # takes the lease away from who may still be staging; new rows of theirs cannot be committed behind our back
    Import.objects.filter(pk=import_.pk).update(lease_until=None, state=State.UPLOADED)
    _forget(import_.pk, "forget_staged", "forget_rows")
    import_.state, import_.error, import_.lease_until = State.STAGING, "", None
    import_.counts, import_.results = {}, {}
    import_.line_done = import_.rows_done = import_.bytes_done = import_.attempts = 0
    import_.save()
    return import_


@transaction.atomic
def start(import_: Import) -> Import:
    """Let a checked import be written; its new attributes are registered. Raises ImportBusy, AttributeTypeConflict."""
    import_.refresh_from_db(from_queryset=Import.objects.select_for_update())
    again = import_.state == State.FAILED and bool(import_.counts)
    if import_.state != State.CHECKED and not again:
        raise ImportBusy(f"The import is {import_.get_state_display().lower()}; only a checked one can run.")
    for target in parsed_mapping(import_.columns, import_.mapping, registered_attributes()).values():
        if target.attribute:
            register_attribute(name=target.attribute, type=target.type)
    import_.state, import_.error, import_.attempts, import_.lease_until = State.RUNNING, "", 0, None
    if not again:
        import_.line_done = import_.rows_done = 0
    import_.save()
    return import_


def carry_on(import_id: int, *, at: datetime) -> Import:
    """Do what an import waits for, to its end: stage and check, or write. Nothing when another worker has it.

    What a person can mend becomes state failed with the reason; other errors leave it to the next worker, five times.
    """
    lease = take(Import.objects.filter(state__in=Import.AT_WORK), import_id)
    import_ = Import.objects.get(pk=import_id)
    if lease is None:
        return import_
    with suppress(LeaseLost):
        try:
            _work(import_, lease, at)
        except DomainError as error:
            lease.release(state=State.FAILED, error=error.detail)
        except Exception:
            lease.give_up()
            raise
    import_.refresh_from_db()
    return import_


def _work(import_: Import, lease: Lease, at: datetime) -> None:
    if import_.attempts > MAX_ATTEMPTS:
        raise ImportStopped
    if import_.state == State.STAGING:
        _check(import_, lease)
    else:
        _run(import_, lease, at)


def _check(import_: Import, lease: Lease) -> None:
    stage(import_, lease, registered_attributes())
    import_.refresh_from_db()
    lease.release(state=State.CHECKED, counts=judge(import_, lease), rows_done=0)


def _run(import_: Import, lease: Lease, at: datetime) -> None:
    write(import_, lease)
    targets = parsed_mapping(import_.columns, import_.mapping, registered_attributes()).values()
    note_writer((one.attribute for one in targets), Attribute.Writer.IMPORT, import_.name, row=import_.pk)
    with connection.cursor() as cursor:
        cursor.execute(queries("segments", "importing")["analyze"])
    lease.release(state=State.COMPLETED, results=outcomes(import_.pk), finished_at=at)


def forget_files(*, before: datetime) -> int:
    """Delete the files, and what is staged, of imports made before a time: they hold people's data. How many."""
    old = Import.objects.filter(created_at__lt=before).exclude(file="").exclude(state=State.RUNNING)
    for import_ in old:
        _forget(import_.pk, "forget_staged")
        import_.file.delete(save=False)
        Import.objects.filter(pk=import_.pk).update(file="")
    return len(old)


def _forget(import_id: int, *statements: str) -> None:
    """Take what was staged or recorded away, in transactions that are short."""
    with connection.cursor() as cursor:
        for name in statements:
            more = True
            while more:
                cursor.execute(queries("segments", "importing")[name], {"import": import_id, "rows": _FORGET_ROWS})
                (more,) = cursor.fetchone()
