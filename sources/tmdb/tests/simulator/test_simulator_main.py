"""The simulator as a process."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
import requests
from ingest_source_tmdb.simulator.__main__ import main


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_its_address_serves_until_interrupted_and_counts_what_it_served(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "ingest_source_tmdb.simulator", "--seed", "3", "--list-total", "40"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        name, _, token = process.stdout.readline().strip().removeprefix("export ").partition("=")
        answer = requests.get(f"{url}/tv/popular", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        process.send_signal(number)
        rest = process.stdout.read()
    assert (name, answer.status_code, answer.json()["total_results"]) == ("TMDB_TOKEN", 200, 40)
    assert rest == "Served 1 requests.\n"
    assert process.returncode == 0


def test_a_wrong_option_is_said_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--faults", "2"])
    assert ended.value.code == 2
    assert "faults is a share from 0 to 1" in capsys.readouterr().err
