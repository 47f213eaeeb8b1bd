"""`ingest invoke`"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from ingest_core.cli.options import Verb
from ingest_core.cli.output import print_json
from ingest_core.codes import Code
from ingest_core.errors import CredentialsError, UsageError
from ingest_core.model import Status

MINUTES = 15


@click.command("invoke", cls=Verb)
@click.argument("event", metavar="EVENT.json")
def command(event: str) -> int:
    """The Lambda handler, in this process, with the event in a file (`-`: standard input).

    Prints the handler's answer. The exit code is that of the run's status.
    """
    from ingest_core.lambda_handler import handler

    asked = _read(event)
    answer = handler(asked, LocalContext())
    print_json(answer)
    if answer.get("error", {}).get("kind") == CredentialsError.__name__:
        return CredentialsError.exit_code
    return Status(answer["status"]).exit_code


class LocalContext:
    """What the handler uses of Lambda's context: the time left, here always the whole of it."""

    def get_remaining_time_in_millis(self) -> int:
        return MINUTES * 60_000


def _read(event: str) -> Any:
    try:
        text = sys.stdin.read() if event == "-" else Path(event).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise UsageError(
            f"{event}: {error.strerror or error}", Code.EVENT, hint='write {"source": "tmdb"} into a file'
        ) from error
    except ValueError as error:
        raise UsageError(
            f"{event} is not JSON: {error}", Code.EVENT, hint='an event is an object: {"source": "tmdb"}'
        ) from error
