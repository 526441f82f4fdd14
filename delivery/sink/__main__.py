"""The sink's process: it ends when its standard input does, that is when its parent has gone."""

import asyncio
import os
import sys
from pathlib import Path

from delivery.sink.options import parse
from delivery.sink.script import Script
from delivery.sink.session import Session


async def _serve(port: int, record: Path, delay: float, script: Script) -> None:
    loop = asyncio.get_running_loop()
    descriptor = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        server = await loop.create_server(lambda: Session(descriptor, delay, script), "127.0.0.1", port, backlog=256)
    except OSError as error:
        raise SystemExit(f"The sink cannot listen on port {port}: {error.strerror}") from None
    print(server.sockets[0].getsockname()[1], flush=True)
    parent_gone = asyncio.Event()
    loop.add_reader(sys.stdin, parent_gone.set)
    await parent_gone.wait()


def main() -> None:
    options = parse("An SMTP sink; it ends when its standard input does.")
    asyncio.run(_serve(options.port, options.record, options.delay_ms / 1000, Script(options.script)))


if __name__ == "__main__":
    main()
