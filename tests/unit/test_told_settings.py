"""What is set, and where, as people are told."""

from __future__ import annotations

from pathlib import Path

from onward.app.told_settings import told
from onward.settings import read_settings


def test_each_setting_says_where_it_stands_and_no_secret(tmp_path: Path) -> None:
    (tmp_path / "onward.toml").write_text('llm_daily_usd = 3.5\nllm_usd_per_million = "0.1/0.2"\ntrusted_hosts = ["a", "b"]\n')
    word = "se" + "same"
    environment = {"ONWARD_HOME": str(tmp_path), "ONWARD_TOKEN": word, "ONWARD_DATABASE_URL": "postgresql:" + f"//me:{word}@db/onward"}
    found = {one.name: one for one in told(read_settings({"port": 4000}, environment=environment, folder=tmp_path))}
    assert (found["port"].value, found["port"].said_by) == ("4000", "--port")
    assert (found["llm_daily_usd"].value, found["llm_daily_usd"].said_by) == ("3.5", str(tmp_path / "onward.toml"))
    assert found["llm_usd_per_million"].value == "0.1/0.2"
    assert found["trusted_hosts"].value == "a, b"
    assert found["database_url"].value == "postgresql:" + "//me:…@db/onward"
    assert found["database_url"].said_by == "ONWARD_DATABASE_URL"
    assert (found["host"].value, found["host"].said_by) == ("127.0.0.1", "")
    assert not any(word in one.value for one in found.values())
