# Two commands matter: `make demo` and `make test`. Both set up what they need, once.
PYTHON ?= python3
BIN := .venv/bin
export HARDHAT_DISABLE_TELEMETRY = true
# Every program that is started reads what was compiled once; without that each start takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo up test lint slither gas fuzz faults clean

setup:            ## everything that the other targets need; does nothing the second time
	@$(PYTHON) tools/setup.py

demo: setup       ## the main job on real-looking input; ARGS=--keep keeps its folder and chain
	@$(BIN)/jikin demo $(ARGS)

up: setup         ## issuer, wallet and verifier on embedded defaults until Ctrl-C
	@$(BIN)/jikin up $(ARGS)

# While contracts are tested, the Python tests are compiled, once for all processes.
test:             ## the whole test suite: contracts, then Python, pages in a real browser
	@$(PYTHON) tools/setup.py --browser
	@$(BIN)/pytest --collect-only -qq >/dev/null 2>&1 & $(BIN)/python tools/contracts.py test && wait
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

lint: setup       ## style, types, layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

slither: setup    ## what a static analyser finds in the contract; nothing of medium or high impact is left
	@$(BIN)/python tools/slither.py $(ARGS)

gas: setup        ## gas of every registry call, against the bars; writes bench/results/gas.json
	@$(BIN)/python bench/gas.py $(ARGS)

fuzz: setup       ## the property tests with many more examples than `make test` takes
	@$(BIN)/pytest -m hypothesis --hypothesis-profile=fuzz $(ARGS)

faults: setup     ## kills workers at every step, 20 times each, in a storm; writes bench/results/faults.json
	@$(BIN)/python bench/faults.py $(ARGS)

clean:            ## removes everything that setup made
	rm -rf .venv .setup node_modules tools/node/node_modules artifacts cache jikin/_generated
