"""python -m tests.benchmarks NAME: measurements in one run, as ratios to a peer or to a physical limit."""

import argparse
import importlib
import pkgutil
import sys
from pathlib import Path


def main() -> int:
    """Run one benchmark."""
    names = [module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name[0] != "_"]
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("name", choices=names, help="what to measure")
    name = parser.parse_args(sys.argv[1:2]).name
    module = importlib.import_module(f"tests.benchmarks.{name}")
    return int(module.main(sys.argv[2:]))


sys.exit(main())
