"""The page on a trust's policy, and what the real commands say of a wrong one."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from adapter.cli import cli
from adapter.policy import DEFAULT_POLICY, load_policy

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "policy.md"
SETTINGS = tuple(f"P-{number:02}" for number in range(1, 17))
HEAD = "version: '7'\nauthor: A. Guardian\ndate: 2026-10-01\nreason: review\n"
OUT_OF_RANGE = {
    "P-01": ("{gp: {family_confidential: share}}", "may not raise"),
    "P-02": ("{permit: {housing: {medication: share}}}", "may only lower"),
    "P-03": ("nobody", "must be one of"),
    "P-04": ("everybody", "must be one of"),
    "P-05": ("[yes_stated]", "may add yes_stated"),
    "P-06": ("nobody", "is locked"),
    "P-07": ("91", "from 1 to 90"),
    "P-08": ("mandatory", "cannot be mandatory"),
    "P-09": ("nobody", "must be one of"),
    "P-10": ("available", "needs caldicott_sign_off and legal_sign_off"),
    "P-11": ("everything", "must be one of"),
    "P-12": ("on", "can only be off"),
    "P-13": ("28 February", "can only be 1 March"),
    "P-14": ("0", "from 1 to 8760"),
    "P-15": ("on", "needs legal_sign_off"),
    "P-16": ("[-1]", "from 0 to 3650"),
}


def example() -> str:
    (found,) = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.S)
    return str(found)


def test_the_page_names_every_setting() -> None:
    named = re.findall(r"^\| `(P-\d\d)`", PAGE.read_text(), re.M)
    assert tuple(named) == SETTINGS == tuple(OUT_OF_RANGE)


def test_the_example_on_the_page_is_the_default() -> None:
    told = load_policy(example())
    same = {name: getattr(DEFAULT_POLICY, name) for name in ("author", "reason")}
    same |= {"version": DEFAULT_POLICY.version, "dated": None}
    assert replace(told, **same) == DEFAULT_POLICY
    unlocked = set(SETTINGS) - {"P-06"}
    assert unlocked <= set(re.findall(r"^  (P-\d\d):", example(), re.M))


@pytest.fixture
def wrong(tmp_path: Path) -> Path:
    lines = [f"  {name}: {value}\n" for name, (value, _) in OUT_OF_RANGE.items()]
    file = tmp_path / "policy.yaml"
    file.write_text(f"{HEAD}settings:\n{''.join(lines)}")
    return file


def test_check_config_tells_each_setting_and_what_it_may_be(
    wrong: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLICY_FILE", str(wrong))
    answer = CliRunner().invoke(cli, ["check-config"])
    assert answer.exit_code == 3
    told = {
        each["path"]: each["message"] for each in json.loads(answer.stdout)["policy"]
    }
    assert set(told) == {f"settings.{name}" for name in SETTINGS}
    for name, (_, reason) in OUT_OF_RANGE.items():
        assert reason in told[f"settings.{name}"]


def test_serve_does_not_start_and_says_why(wrong: Path) -> None:
    store = wrong.parent / "store.db"
    started = subprocess.run(
        [sys.executable, "-m", "adapter", "serve"],
        env={
            **os.environ,
            "POLICY_FILE": str(wrong),
            "DATABASE_URL": f"sqlite:///{store}",
            "PORT": "0",
            "METRICS_PORT": "0",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert started.returncode == 3
    assert started.stdout == ""
    for name, (_, reason) in OUT_OF_RANGE.items():
        (line,) = [
            line for line in started.stderr.splitlines() if f"settings.{name}:" in line
        ]
        assert reason in line
