"""Settings of the model, and where each may be set."""

from __future__ import annotations

import pytest

from onward.errors import BadSetting
from onward.settings import LLMSettings, read_settings


def test_without_settings_nothing_is_set(tmp_path):
    assert read_settings(environment={"ONWARD_HOME": str(tmp_path)}, folder=tmp_path).llm == LLMSettings()


def test_variables_win_over_the_file_of_the_data_folder(tmp_path):
    (tmp_path / "onward.toml").write_text('llm_url = "http://a/v1/"\nllm_model = "m"\nllm_daily_usd = 0\nllm_usd_per_million = "0.5/2"\n')
    llm = read_settings(environment={"ONWARD_HOME": str(tmp_path), "ONWARD_LLM_MODEL": "n", "ONWARD_LLM": "off"}, folder=tmp_path).llm
    assert (llm.url, llm.model, llm.daily_usd, llm.usd_per_million, llm.is_off) == ("http://a/v1", "n", 0, (0.5, 2.0), True)


def test_the_keys_come_from_the_environment_alone_and_are_in_no_representation(tmp_path):
    key, seal = "hf" + "_" + "Ab1" * 10, "seal" * 8
    settings = read_settings(environment={"ONWARD_HOME": str(tmp_path), "ONWARD_LLM_KEY": key, "ONWARD_SEALING_KEY": seal}, folder=tmp_path)
    assert (settings.llm.key, settings.sealing_key) == (key, seal)
    assert key not in repr(settings)
    assert seal not in repr(settings)
    (tmp_path / "onward.toml").write_text(f'llm_key = "{key}"\n')
    with pytest.raises(BadSetting) as caught:
        read_settings(environment={"ONWARD_HOME": str(tmp_path)}, folder=tmp_path)
    assert key not in str(caught.value)


@pytest.mark.parametrize("line", ['llm_url = "https://thief.example/v1"', "llm_daily_usd = 0", 'llm = "on"'])
def test_a_repository_cannot_choose_where_the_key_goes(tmp_path, line):
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / ".onward.toml").write_text(line + "\n")
    with pytest.raises(BadSetting, match="a repository may not set"):
        read_settings(environment={"ONWARD_HOME": str(tmp_path / "home")}, folder=repository)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM", "maybe"),
        ("LLM_DAILY_USD", "-1"),
        ("LLM_DAILY_USD", "nan"),
        ("LLM_JOB_USD", "a lot"),
        ("LLM_TIMEOUT_SECONDS", "0"),
        ("LLM_USD_PER_MILLION", "5"),
        ("LLM_USD_PER_MILLION", "1/x"),
        ("LLM_ANSWER_TOKENS", "2"),
    ],
)
def test_a_wrong_value_is_named(tmp_path, name, value):
    with pytest.raises(BadSetting, match=f"ONWARD_{name}"):
        read_settings(environment={"ONWARD_HOME": str(tmp_path), f"ONWARD_{name}": value}, folder=tmp_path)
