"""The settings report: each value and its origin."""

from __future__ import annotations

from pathlib import Path

import pytest

from onward.app.admin.settings_report import report_settings
from onward.errors import BadSetting
from onward.settings import read_settings


def test_each_setting_shows_its_origin_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "onward.toml").write_text('llm_daily_usd = 3.5\nllm_usd_per_million = "0.1/0.2"\ntrusted_hosts = ["a", "b"]\n')
    word = "se" + "same"
    environment = {"ONWARD_HOME": str(tmp_path), "ONWARD_TOKEN": word, "ONWARD_DATABASE_URL": "postgresql:" + f"//me:{word}@db/onward"}
    settings_by_name = {
        setting.name: setting for setting in report_settings(read_settings({"port": 4000}, environment=environment, folder=tmp_path))
    }
    assert (settings_by_name["port"].value, settings_by_name["port"].source) == ("4000", "--port")
    assert (settings_by_name["llm_daily_usd"].value, settings_by_name["llm_daily_usd"].source) == ("3.5", str(tmp_path / "onward.toml"))
    assert settings_by_name["llm_usd_per_million"].value == "0.1/0.2"
    assert settings_by_name["trusted_hosts"].value == "a, b"
    assert settings_by_name["database_url"].value == "postgresql:" + "//me:…@db/onward"
    assert settings_by_name["database_url"].source == "ONWARD_DATABASE_URL"
    assert (settings_by_name["host"].value, settings_by_name["host"].source) == ("127.0.0.1", "")
    assert not any(word in setting.value for setting in settings_by_name.values())


@pytest.mark.parametrize(
    "line",
    [
        f"budget_tokens = {10**29}",
        f"budget_tokens = {'9' * 5000}",
        "project = " + "[" * 400 + "]" * 400,
        "project = " + "[" * 4000 + "]" * 4000,
    ],
    ids=["30 digits", "5000 digits", "400 levels", "4000 levels"],
)
def test_a_setting_beyond_all_measure_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / ".onward.toml").write_text(line)
    with pytest.raises(BadSetting, match=r"\.onward\.toml"):
        read_settings(environment={"ONWARD_HOME": str(tmp_path)}, folder=tmp_path)
