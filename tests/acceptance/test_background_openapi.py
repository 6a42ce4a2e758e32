"""What the endpoints answer is what their schema says; schemathesis tries to differ."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.acceptance.background_project import TOKEN, site
from tests.servers import wait_until

SECRET = "argument-of-a-customer"
EXCLUDED = (
    # FastAPI reads false as the number 0, as pydantic does unless it is strict; strict
    # bodies would refuse the text of a date.
    "negative_data_rejection",
)


def test_answers_keep_to_the_schema(tmp_path):
    made = site(tmp_path, "everything")
    with made.serving() as server:
        done = subprocess.run(
            [
                str(Path(sys.executable).parent / "schemathesis"),
                *("run", f"{server.url}/openapi.json"),
                *("--header", f"Authorization: Bearer {TOKEN}"),
                *("--include-path-regex", "^/tasks/"),
                *("--exclude-checks", ",".join(EXCLUDED)),
                *(
                    "--phases",
                    "coverage,stateful",
                    "--max-examples",
                    "4",
                    "--seed",
                    "1",
                    "--generation-database=none",
                ),
                "--no-color",
            ],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr
        assert "3 selected" in done.stdout
        assert made.notes(), "no call went through"
        assert server.client.get("/ping").status_code == 200


def test_logs_hold_durations_and_no_arguments(tmp_path):
    made = site(tmp_path, "clean")
    logging = "import logging, sys\nfrom light_tasks.logs import configure_logging\n"
    main = made.folder / "main.py"
    main.write_text(f"{logging}configure_logging()\n{main.read_text()}")
    with made.serving(LOG_LEVEL="DEBUG") as server:
        for seconds in (0.0, -1.0):  # time.sleep refuses the second
            server.post("/tasks/clean", label=SECRET, seconds=seconds)
            wait_until(lambda: made.log().count('"duration"') == 1 + (seconds < 0))  # noqa: B023 - called at once
        server.post("/tasks/clean", label=SECRET, nonsense=1)
    assert '"outcome": "success"' in made.log()
    assert '"outcome": "failure"' in made.log()
    assert SECRET not in made.log()
