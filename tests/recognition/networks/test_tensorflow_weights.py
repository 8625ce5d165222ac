import pytest

from timbrescope.recognition import networks
from timbrescope.recognition.networks.tensorflow_weights import from_tensorflow


@pytest.mark.parametrize("name", ["musicnn", "musicnn-vgg"])
def test_missing_tensorflow_variables_are_noticed(name: str) -> None:
    with pytest.raises(KeyError):
        from_tensorflow(networks.build(name, 50), {})
