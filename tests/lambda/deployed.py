"""A function as Lambda would run it: its package, the unpacked layer, the managed runtime's packages, and no more."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import distribution
from pathlib import Path
from types import TracebackType
from typing import Any

from runtime_api import Outcome, RuntimeApi

HANDLER = "ingest_core.lambda_handler.handler"
# What AWS's Python runtime brings: boto3 and what it needs, and the bootstrap that is awslambdaric.
MANAGED = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
BOOTSTRAP = ("awslambdaric", "snapshot-restore-py", "simplejson")
# With -I -S Python sees its standard library alone. The folders come before it, in the managed runtime's order:
# the function's package (/var/task), the layer (/opt/python), the runtime's packages (/var/runtime).
_START = """
import runpy, sys
sys.path[:0] = sys.argv.pop(1).split(":")
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""


def link_managed_runtime(folder: Path) -> Path:
    """Fills `folder` with links to the packages that Lambda's runtime has, taken from this environment."""
    folder.mkdir(parents=True)
    for name in (*MANAGED, *BOOTSTRAP):
        installed = distribution(name)
        for top in sorted({file.parts[0] for file in installed.files or ()} - {"..", "__pycache__"}):
            folder.joinpath(top).symlink_to(Path(str(installed.locate_file(top))))
    return folder


class DeployedFunction:
    """One warm container: a process of AWS's bootstrap and the Runtime API that feeds it. A context manager."""

    def __init__(
        self,
        task: Path,
        layer: Path,
        runtime: Path,
        log: Path,
        environment: Mapping[str, str],
        handler: str = HANDLER,
    ) -> None:
        self._api = RuntimeApi()
        self._log = log
        self._folders = ":".join(map(str, (task, layer, runtime)))
        self._task = task
        self._handler = handler
        self._environment = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_EXECUTION_ENV": "AWS_Lambda_python{}.{}".format(*sys.version_info[:2]),
            "AWS_LAMBDA_FUNCTION_NAME": "ingest",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "LAMBDA_TASK_ROOT": str(task),
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": handler,
            **environment,
        }

    def invoke(self, event: Any, timeout_s: float = 60.0) -> Outcome:
        """Invokes it synchronously. An error is what `aws lambda invoke` prints: errorType and errorMessage."""
        return self._api.invoke(event, timeout_s)

    @property
    def pid(self) -> int:
        """The process: the same one while the container is warm."""
        return self._process.pid

    @property
    def log(self) -> str:
        """What CloudWatch would have so far."""
        return self._log.read_text(encoding="utf-8")

    def __enter__(self) -> DeployedFunction:
        self._api.__enter__()
        command = [sys.executable, "-I", "-S", "-B", "-c", _START, self._folders, self._handler]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self._task, env=self._environment, stdout=log, stderr=subprocess.STDOUT
            )
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._watcher.join()
        self._api.__exit__(kind, error, traceback)

    def _watch(self) -> None:
        code = self._process.wait()
        self._api.fail({"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with status {code}"})
