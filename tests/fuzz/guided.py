"""One property, with its cases chosen by which lines of the program they reach (Atheris, libFuzzer).

`python -m tests.fuzz.guided NAME [libFuzzer's options]`; the property and its generators are those of the suite.
"""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["bot"]):
    from tests.fuzz import test_decoders, test_sentences

TARGETS = {
    name: thing
    for module in (test_decoders, test_sentences)
    for name, thing in vars(module).items()
    if name.startswith("test_")
}


def main() -> None:
    """Run until libFuzzer ends."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name].hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
