"""A function as Lambda would run it: its package, the unpacked layer, the managed runtime, and no more."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import sandbox
from runtime_api import Outcome, RuntimeApi
from runtimes import Runtime

HANDLER = "ingest_core.lambda_handler.handler"
INIT_SECONDS = 60.0
# With -I -S Python sees its standard library alone. The folders come before it, in the managed runtime's order:
# the function's package (/var/task), the layer (/opt/python), the runtime's packages (/var/runtime).
_START = """
import os, runpy, sys
folders = sys.argv.pop(1).split(":")
sys.path[:0] = folders
os.chdir(folders[0])
runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
"""


class DeployedFunction:
    """One container at a time: a process of AWS's bootstrap, and the Runtime API that feeds it. A context manager.

    A process that ends, or is killed at its deadline, is followed by a new one at the next invocation.
    """

    def __init__(
        self,
        task: Path,
        layer: Path,
        runtime: Runtime,
        log: Path,
        environment: Mapping[str, str],
        handler: str = HANDLER,
    ) -> None:
        self._api = RuntimeApi()
        self._log = log
        folders = (task, layer, runtime.packages, runtime.python)
        self.places = sandbox.places(*folders)
        paths = ":".join(map(str, (self.places.task, self.places.layer, self.places.packages)))
        self._command = sandbox.command(*folders, ["-I", "-S", "-B", "-c", _START, paths, handler])
        self._environment = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{runtime.version}",
            "AWS_LAMBDA_FUNCTION_NAME": "ingest",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "nobody",
            "AWS_SECRET_ACCESS_KEY": "nothing",
            "LAMBDA_TASK_ROOT": str(self.places.task),
            "LANG": "en_US.UTF-8",
            **sandbox.LIBRARIES,
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "TZ": ":UTC",
            "_HANDLER": handler,
            **environment,
        }

    def invoke(self, event: Any, timeout_s: float = 60.0) -> Outcome:
        """Invokes it synchronously; `timeout_s` is the function's timeout, counted from when the container is ready.

        An error is what `aws lambda invoke` prints: errorType and errorMessage.
        """
        if self._process.poll() is not None:
            self._watcher.join()
            self._start()
        self._api.wait_until_ready(INIT_SECONDS)
        try:
            return self._api.invoke(event, timeout_s)
        except TimeoutError:
            self._process.kill()
            self._watcher.join()
            said = f"Error: Task timed out after {timeout_s:.2f} seconds"
            return Outcome(error={"errorType": "Sandbox.Timedout", "errorMessage": f"RequestId: {self.pid} {said}"})

    @property
    def pid(self) -> int:
        """The process: the same one while the container is warm."""
        return self._process.pid

    @property
    def init_seconds(self) -> float:
        """From the process's start to its first question for an event; waits for it."""
        return self._api.wait_until_ready(INIT_SECONDS) - self._started

    @property
    def log(self) -> str:
        """What CloudWatch would have so far."""
        return self._log.read_text(encoding="utf-8")

    def __enter__(self) -> DeployedFunction:
        self._api.__enter__()
        self._log.write_bytes(b"")
        self._start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._watcher.join()
        self._api.__exit__(kind, error, traceback)

    def _start(self) -> None:
        self._api.begin()
        self._started = time.monotonic()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=log, stderr=subprocess.STDOUT)
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    def _watch(self) -> None:
        code = self._process.wait()
        self._api.fail({"errorType": "Runtime.ExitError", "errorMessage": f"Runtime exited with status {code}"})
