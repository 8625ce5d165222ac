"""The experiments that come with the program, and how one configuration extends another."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch

from timbrescope import paths
from timbrescope.recognition import networks
from timbrescope.recognition.features import LogMel, LogMelStream, compress, make_window
from timbrescope.recognition.model import Model
from timbrescope.recognition.networks.efficientat import PreEmphasisedLogMel
from timbrescope.recognition.spec import FrontEnd
from training.collection import Collection, Task
from training.config import Config, named_configs, read_config
from training.errors import TrainingError
from training.evaluation.aggregate import RULES
from training.evaluation.cases import Cases, figures
from training.preparation import model_spec
from training.sources import OWN
from training.sources.published import PUBLISHED

CONFIGS = {name: read_config(path) for name, path in named_configs().items()}
TASK_OF_LAYOUT: dict[str, Task] = {
    "ballroom": "single", "folders": "single", "auto": "single",
    "jingju-phonemes-dan": "frame", "jingju-phonemes-laosheng": "frame",
    "phonemes": "frame",
}  # fmt: skip


def task_of(config: Config) -> Task:
    return TASK_OF_LAYOUT.get(config.data.layout, "multi")


def figures_of(task: Task) -> set[str]:
    """Return the names of the figures that an evaluation has."""
    scores, rows = np.array([[0.9, 0.1], [0.2, 0.8]]), np.arange(2)
    known = Cases(task, scores, np.eye(2, dtype=np.float32), rows, scores[:, 0], scores[:, 0], rows, ("a", "b"))
    return set(figures(known, 0.5 if task == "multi" else None, np.ones((1, 2), np.int64)))


@pytest.mark.parametrize("name", CONFIGS)
def test_network_hears_its_front_end(name: str) -> None:
    config = CONFIGS[name]
    labels = tuple(f"label {number}" for number in range(networks.entry(config.network.name).labels))
    spec = model_spec(config, Collection(labels, task_of(config), ()))
    with torch.device("meta"):  # shapes alone, because some networks are large
        model = Model(spec)
        logits = model(torch.zeros(2, spec.window_frames, spec.front_end.n_bands))
    assert logits.shape == ((2, len(labels)) if spec.look_ahead_frames is None else (2, 1, len(labels)))
    assert spec.hop_frames <= spec.window_frames


@pytest.mark.parametrize("front_end", dict.fromkeys(config.front_end for config in CONFIGS.values()))
def test_front_end_gives_finite_values_for_silence_and_noise(front_end: FrontEnd, rng: np.random.Generator) -> None:
    log_mel = LogMel(front_end)
    for sound in (np.zeros(8_192), rng.standard_normal(8_192)):
        spectra = log_mel.spectra(torch.from_numpy(sound.astype(np.float32)))
        assert spectra.shape[1] == front_end.n_bands
        assert compress(front_end, spectra).isfinite().all()


@pytest.mark.parametrize("name", CONFIGS)
def test_what_is_named_is_there(name: str) -> None:
    config = CONFIGS[name]
    assert config.name == name
    assert config.data.layout in {"auto", "table", *OWN, *PUBLISHED}
    assert all(start in CONFIGS or (paths.resources().parent / start).is_file() for start in config.network.start_from)
    assert not config.licence  # the weights of whoever trains them
    if config.published is not None:
        assert config.published.aggregate in RULES
        assert config.published.figures.keys() <= figures_of(task_of(config))
        assert all(0 < figure < 1 for figure in config.published.figures.values())


def test_every_network_has_an_experiment() -> None:
    registered = {name for name in networks.names() if not name.startswith("tests-")}
    assert {config.network.name for config in CONFIGS.values()} == registered


def test_first_experiment_of_a_network_by_name_is_no_variant_of_another() -> None:
    for network in {config.network.name for config in CONFIGS.values()}:
        name = min(name for name, config in CONFIGS.items() if config.network.name == network)
        base = tomllib.loads(named_configs()[name].read_text(encoding="utf-8")).get("extends")
        assert base is None or CONFIGS[base].network.name != network


def test_titles_tell_experiments_apart() -> None:
    titles = [config.title for config in CONFIGS.values()]
    assert len(set(titles)) == len(titles)
    assert all(titles)


@pytest.mark.parametrize(("name", "gain"), [("pons2016-time-60", 10_000), ("pons2017-phonemes", 100_000)])
def test_gain_makes_up_for_the_scale_of_essentias_windows(name: str, gain: float) -> None:
    front_end = CONFIGS[name].front_end
    window = make_window(front_end.window, front_end.win_length or front_end.n_fft).double()
    assert front_end.gain == pytest.approx(gain * float(2 / window.sum()) ** 2, rel=1e-5)


def test_timbre_encoder_hears_what_the_network_hears_whose_weights_it_starts_from(rng: np.random.Generator) -> None:
    """EfficientAT emphasises samples before it windows them; that differs most where emphasis leaves little."""
    front_end = CONFIGS["timbre-encoder"].front_end
    assert front_end.standardisation == "none"
    time = np.arange(64_000) / 32_000
    chord = sum(0.2 * np.sin(2 * np.pi * hz * time) / n for n, hz in enumerate((110.0, 277.2, 659.3, 1760.0), start=1))
    for sound in (0.1 * rng.standard_normal(64_000), chord + 0.01 * rng.standard_normal(64_000)):
        samples = torch.from_numpy(sound.astype(np.float32))
        theirs = PreEmphasisedLogMel()(samples.unsqueeze(0))[0, 0].T
        stream = LogMelStream(LogMel(front_end))
        ours = torch.cat([stream.push(samples), stream.finish()])[: len(theirs)] * front_end.scale
        difference = (ours - theirs).abs()[3:-3]  # they mirror the sound at its ends, which we pad with silence
        assert difference.mean() < 0.02
        assert difference[:, 30:].mean() < 0.004  # above 800 Hz
        assert theirs.std() > 0.2  # which says how little that is


def test_network_in_two_steps_starts_from_networks_whose_filters_fit() -> None:
    config = CONFIGS["pons2016-time-frequency-init"]
    own = networks.build(config.network.name, 8).state_dict()
    shapes = {tensor.shape for name, tensor in own.items() if name.endswith(".weight")}
    for name in config.network.start_from:
        donor = CONFIGS[name]
        assert donor.front_end == config.front_end
        assert networks.build(donor.network.name, 8).state_dict()["conv.weight"].shape in shapes


BASE = """
name = "base"
front_end = { sample_rate = 16000, n_fft = 512, hop_length = 256, n_mels = 96 }
network = { name = "musicnn", options = { mid_filters = 32, dense_units = 100 } }
training = { batch = 8, stages = [{ epochs = 1 }, { epochs = 2 }] }
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_extending_merges_tables_and_replaces_lists(tmp_path: Path) -> None:
    base = write(tmp_path, "base", BASE)
    middle = write(tmp_path, "middle", f"extends = '{base}'\nname = 'middle'\nnetwork.options.mid_filters = 16")
    top = write(tmp_path, "top", f"extends = '{middle}'\nname = 'top'\ntraining.stages = [{{ epochs = 3 }}]")
    config = read_config(top, {"training.seed": 5})
    assert config.name == "top"
    assert config.network.options == {"mid_filters": 16, "dense_units": 100}
    assert [stage.epochs for stage in config.training.stages] == [3]
    assert (config.training.batch, config.training.seed) == (8, 5)
    assert read_config(base).network.options["mid_filters"] == 32


def test_extending_a_configuration_by_its_name(tmp_path: Path) -> None:
    path = write(tmp_path, "mine", "extends = 'sounds'\nname = 'mine'\ntraining.batch = 7")
    config, base = read_config(path), CONFIGS["sounds"]
    assert config.training.batch == 7
    assert (config.front_end, config.network) == (base.front_end, base.network)


@pytest.mark.parametrize("entry", ["extends = 'no-such'", "extends = 3", "extends = ['sounds', 'ast']"])
def test_extending_what_is_not_there(tmp_path: Path, entry: str) -> None:
    with pytest.raises(TrainingError):
        read_config(write(tmp_path, "mine", entry))


def test_extending_in_a_circle(tmp_path: Path) -> None:
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    write(tmp_path, "first", f"extends = '{second}'\n{BASE}")
    write(tmp_path, "second", f"extends = '{first}'")
    for path in (first, second):
        with pytest.raises(TrainingError, match="extends itself"):
            read_config(path)
