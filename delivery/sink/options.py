"""The command line that all sinks share."""

import argparse
import json
import os
from pathlib import Path

from delivery.sink.script import Misbehaviour


def parse(description: str) -> argparse.Namespace:
    """`port`, `record`, `delay_ms` and `script`, a list of misbehaviours."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--record", type=Path, default=Path(os.devnull))
    parser.add_argument("--delay-ms", type=float, default=0)
    parser.add_argument(
        "--script", type=_script, default=[], help="JSON list of misbehaviours (delivery/sink/script.py)"
    )
    return parser.parse_args()


def _script(text: str) -> list[Misbehaviour]:
    return [Misbehaviour(**step) for step in json.loads(text)]
