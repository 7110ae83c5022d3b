# Everything is installed into this folder: .venv (the program), .sandbox (a throw-away Synapse and its members).

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
RUN = .venv/bin/python
KEEP ?=
MINUTES ?= 10
N ?= 200
REPEATS ?= 3
ONLY ?=
PAGE ?= docs/performance.md
SECONDS ?= 40
COMMA := ,
ROOMS = $(if $(filter file,$(origin N)),50$(COMMA)200,$(N))

.PHONY: help install sandbox demo test fast fuzz kills soak faults bench rotation counting check format clean

help:
	@echo "make demo          plays a federation in front of you, on a throw-away server"
	@echo "make demo KEEP=1   leaves it running, so that you can take part with Element"
	@echo "make test          runs every test"
	@echo "make fast          runs the tests that need no server"
	@echo "make fuzz MINUTES=10   tries hostile input at random, and says how to see again what it finds"
	@echo "make kills N=200   kills the bot so many times under load, and counts"
	@echo "make soak MINUTES=60   kills both sides again and again under load, and counts"
	@echo "make faults SECONDS=40   holds each fault of a server for so long, and counts what is asked of it"
	@echo "make bench N=50,200    measures the bot beside others on their libraries, and writes docs/performance.md"
	@echo "make rotation      simulates five years of 200 pods and draws docs/rotation.png"
	@echo "make counting PROFILES=3000   counts random rankings with another package too, and compares"
	@echo "make check         runs the linters and the type checker"

# The program and the developers' tools, at the pinned versions.
.venv/.installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed."; exit 1; }
	@echo "installing the program into .venv …"
	@test -x $(RUN) || $(PYTHON) -m venv .venv
	@$(RUN) -m pip install --quiet --no-input --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

install: .venv/.installed

sandbox: install
	@$(RUN) -m sandbox.install

demo: install
	@$(RUN) -m sandbox.install --without-old-client
	@$(RUN) -m sandbox.demo $(if $(KEEP),--keep)

# Those that start servers mostly wait for them, so three files at once are none too many for two cores.
test: sandbox fast
	@$(RUN) -m pytest --numprocesses 3 --dist loadfile tests/synapse tests/interop

# The empty setting lets Python keep what it compiled, which some systems forbid: each process would do it anew.
fast: install
	@PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest --numprocesses auto tests/unit tests/store tests/commands tests/homeserver tests/docs tests/fuzz

# Atheris is no part of the developers' tools: it has no wheel for every Python and system.
fuzz: install
	@$(RUN) -m pip install --quiet --no-input --disable-pip-version-check --only-binary :all: atheris==3.0.0 2>/dev/null || true
	@$(RUN) -m tests.fuzz --minutes $(MINUTES)

kills: sandbox
	@KILLS=$(N) $(RUN) -m pytest -s tests/synapse/test_kills.py

soak: install
	@$(RUN) -m sandbox.install --without-old-client
	@$(RUN) -m sandbox.soak --minutes $(MINUTES)

faults: install
	@$(RUN) -m sandbox.install --without-old-client
	@$(RUN) -m sandbox.endure --seconds $(SECONDS)

# REPEATS=3 ONLY=spokesbot,raw,nio; what was measured is kept, so that an interrupted run goes on.
bench: install
	@$(RUN) -m sandbox.install --without-old-client
	@$(RUN) -m bench --rooms $(ROOMS) --repeats $(REPEATS) --only "$(ONLY)" --page $(PAGE)

rotation: install
	@$(RUN) -m sandbox.rotation --picture docs/rotation.png

# Not part of `make test`: it installs 780 MB.
counting: install
	@$(RUN) -m sandbox.counting --profiles $(or $(PROFILES),3000) --write-down docs/counting-differences.jsonl

check: install
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: install
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

clean:
	rm -rf .venv .sandbox sandbox/members/node_modules
