import tomllib
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from workbench.augment.catalog import presets
from workbench.training import toml_text
from workbench.training.config import TrainConfig

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
SCALAR = TEXT | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.booleans()
VALUES = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(TEXT, VALUES, max_size=4))
def test_any_plain_data_is_read_back_as_it_was(fields: dict[str, Any]) -> None:
    text = toml_text.dumps(fields)
    assert tomllib.loads(text) == fields
    assert tomlkit.parse(text).unwrap() == fields


@pytest.mark.parametrize("name", presets())
def test_a_config_is_written_as_tables_that_a_person_can_read(name: str) -> None:
    config = TrainConfig(augment=presets()[name])
    lines = config.dumps().splitlines()
    assert lines.count("[[augment.steps]]") == len(config.augment.steps)
    assert "[optimizer]" in lines
    assert TrainConfig.loads(config.dumps()) == config


def test_what_toml_cannot_say_is_refused() -> None:
    with pytest.raises(TypeError, match="NoneType"):
        toml_text.dumps({"x": [None]})
