"""A small fast SMTP server that remembers what it accepted: for benches and fault tests, never for people.

`python -m delivery.sink --port 0 --record FILE` prints its port and writes one line, message id and recipient,
for each message before it answers: what is in the file was accepted, what was accepted is in the file,
also after a SIGKILL of the sink itself. A script makes it misbehave (script.py).
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from delivery.sink.script import Misbehaviour

__all__ = ["Accepted", "Misbehaviour", "Sink", "running"]


@dataclass(frozen=True)
class Accepted:
    """One message the sink took, whether or not its 250 arrived."""

    message_id: str
    recipient: str


@dataclass(frozen=True)
class Sink:
    """A running sink process."""

    port: int
    record: Path
    pid: int

    def accepted(self) -> list[Accepted]:
        """Everything accepted so far, in order; a message accepted twice is in it twice."""
        lines = self.record.read_text().splitlines() if self.record.exists() else []
        return [Accepted(*line.split("\t")) for line in lines]


@contextmanager
def running(
    record: Path, *, port: int = 0, delay_ms: float = 0, script: Sequence[Misbehaviour] = (), module: str = __name__
) -> Iterator[Sink]:
    """A sink process for the length of a with block; it also ends when its parent dies.

    `delay_ms` is the wait before each 250 to a message, on that connection alone. `module` delivery.sink.esp speaks
    HTTP instead. Raises OSError on a taken port.
    """
    root = Path(__file__).resolve().parent.parent.parent
    steps = json.dumps([asdict(step) for step in script])
    options = [f"--port={port}", f"--record={record}", f"--delay-ms={delay_ms}", f"--script={steps}"]
    command = [sys.executable, "-m", module, *options]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            line = process.stdout.readline().strip()
            if not line.isdigit():
                raise OSError(f"the sink did not start: is port {port} taken?")
            yield Sink(int(line), record, process.pid)
        finally:
            process.terminate()
