import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from timbrescope.core.labels import FAMILIES
from timbrescope.core.tag_groups import GROUP_ORDER
from timbrescope.ui.theme import DARK, LIGHT, Theme, lane_colours

Floats = NDArray[np.float64]

# Machado, Oliveira and Fernandes 2009, table 1, severity 1.0: what is left of linear RGB.
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Ottosson 2020: linear sRGB to the cone responses of Oklab, and on from their cube roots.
CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
OKLAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def linear(colour: str) -> Floats:
    shade = QColor(colour)
    rgb = np.array([shade.redF(), shade.greenF(), shade.blueF()])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
def test_every_family_stands_out_from_the_lanes_and_from_the_window(theme: Theme) -> None:
    assert theme.families.keys() == FAMILIES.keys()
    for family, colour in theme.families.items():
        dark, bright = sorted([luminance(colour), luminance(theme.base)])
        assert (bright + 0.05) / (dark + 0.05) >= 3, family


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
def test_families_can_be_told_apart_by_everybody(theme: Theme, sight: str) -> None:
    seen = np.clip([np.asarray(SIGHTS[sight]) @ linear(colour) for colour in theme.families.values()], 0, 1)
    lab = np.cbrt(seen @ CONES.T) @ OKLAB.T
    distance = np.linalg.norm(lab[:, None] - lab[None], axis=2) + np.eye(len(lab))
    assert distance.min() > 0.1  # the eight colours of Okabe and Ito come to 0.076


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
def test_every_group_of_tags_stands_out_and_is_quieter_than_the_families(theme: Theme) -> None:
    assert theme.groups.keys() == set(GROUP_ORDER)
    assert len(set(theme.groups.values())) == len(GROUP_ORDER)
    loudest = max(QColor(colour).hsvSaturationF() for colour in theme.families.values())
    for group, colour in theme.groups.items():
        dark, bright = sorted([luminance(colour), luminance(theme.base)])
        assert (bright + 0.05) / (dark + 0.05) >= 3, group
        assert QColor(colour).hsvSaturationF() < 0.75 * loudest, group


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
@pytest.mark.parametrize("group", GROUP_ORDER)
def test_a_higher_score_of_a_tag_is_further_from_the_ground(theme: Theme, group: str) -> None:
    table = lane_colours(theme, theme.label_colour(None, group)).astype(float)
    away = np.linalg.norm(table - table[0], axis=1)
    assert away[-1] > 100
    assert np.all(np.diff(away) > -1)


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: str(theme.name))
@pytest.mark.parametrize("family", [None, *FAMILIES])
def test_a_higher_score_is_further_from_the_ground(theme: Theme, family: str | None) -> None:
    table = lane_colours(theme, theme.label_colour(family, None)).astype(float)
    assert table.shape == (256, 3)
    ground = QColor(theme.base)
    assert tuple(table[0]) == (ground.red(), ground.green(), ground.blue())
    away = np.linalg.norm(table - table[0], axis=1)
    assert away[-1] > 100
    if family is not None:
        assert np.all(np.diff(away) > -1)
