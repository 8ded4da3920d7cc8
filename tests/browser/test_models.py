"""The models of the page, tested where they need no page: in Node."""

import subprocess
from pathlib import Path

import pytest

MODELS = Path(__file__).parent / "models"
TIMEOUT = 60  # seconds


@pytest.mark.needs("node")
@pytest.mark.parametrize(
    "file", sorted(MODELS.glob("*.test.mjs")), ids=lambda file: file.name.partition(".")[0]
)
def test_models_keep_their_promises(file: Path) -> None:
    run = subprocess.run(
        ["node", "--test", "--test-reporter=spec", str(file)],
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "tests 0" not in run.stdout
