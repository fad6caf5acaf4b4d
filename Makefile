# Bare `make` lists the targets. Everything they need is installed by tools/setup.sh, on a bare Debian or Ubuntu.
.DEFAULT_GOAL := help
.PHONY: help demo test prove conformance setup lint plugin render render-check serve bench bench-desk bench-intake bench-jobs \
  bench-risk bench-risk-scale bench-tiles bench-works vendor-check lock

BIN := .venv/bin
DEMO_CITY ?= cities/demo.yml

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-16s %s\n", $$1, $$2}'

demo: ## Install, load a city, forecast, serve on http://127.0.0.1:5000 (DEMO_CITY=cities/x.yml)
	@sh tools/setup.sh run
	@OBS_CITY="$(DEMO_CITY)" OBS_REPORTS_PER_HOUR="$${OBS_REPORTS_PER_HOUR:-0}" exec $(BIN)/obs demo

test: ## Run every test, each proof at its small count
	@sh tools/setup.sh dev
	@$(BIN)/python tools/vendor.py --check
	@$(BIN)/pytest -q -n 2 --dist loadscope --no-loadscope-reorder

prove: ## The same at full counts; writes docs/proof.md
	@sh tools/setup.sh dev
	@OBS_PROVE=full $(BIN)/python tools/prove.py

conformance: ## Tests of the standards, by conformance class; the OGC's suites where OBS_CITE names them
	@sh tools/setup.sh dev
	@$(BIN)/python tools/conformance.py

setup: ## Make the environment .venv with all that tests need
	@sh tools/setup.sh dev

lint: ## Format, lint, types, import contracts, generated files
	@sh tools/setup.sh dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/obs render --check

plugin: ## Check the QGIS plugin and pack it: dist/qgis_obs.zip (OFFICIAL=1: for plugins.qgis.org)
	@sh tools/setup.sh dev
	@$(BIN)/python tools/plugin.py $(if $(OFFICIAL),--official)

render: ## Write the generated files anew
	@sh tools/setup.sh run
	@$(BIN)/obs render

render-check: ## Fail where a generated file is stale
	@sh tools/setup.sh run
	@$(BIN)/obs render --check

serve: ## Serve the city that is already loaded (OBS_CITY)
	@sh tools/setup.sh run
	@exec $(BIN)/obs serve

bench: ## Item requests beside a bare application, pygeoapi and tipg, 1 000 000 points
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_items.py

bench-desk: ## The desk on 2 400 000 facts: first map, features drawn, 50 screens that listen, event to screen
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_desk.py

bench-intake: ## A file into PostGIS, firewall on, beside ogr2ogr
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_intake.py

bench-risk: ## Forecast models on the frozen set (OBS_DATA)
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_risk.py

bench-risk-scale: ## Baselines at 1 000 000 events × 100 000 cells × 52 origins, growth, a city of 2 400 000 facts
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_risk_scale.py --plot docs/images/risk-scale.svg
	@$(BIN)/python tests/bench/bench_risk_served.py

bench-works: ## Clash search: 5 000 works against 100 000 events
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_works.py

bench-jobs: ## Requests beside four CPU-bound jobs, CPU of an inline execution
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_jobs.py

bench-tiles: ## Tiles beside their SQL and tipg, 200 people on a map, 2 400 000 points
	@sh tools/setup.sh dev
	@$(BIN)/python tests/bench/bench_tiles.py

vendor-check: ## Check the vendored web files against their lock
	@$(BIN)/python tools/vendor.py --check

lock: ## Resolve requirements.lock anew
	@.uv/bin/uv pip compile --universal --generate-hashes --python-version 3.12 --all-extras -q pyproject.toml -o requirements.lock
	@.uv/bin/uv pip compile --universal --generate-hashes --python-version 3.11 -q requirements-qgis.in -o requirements-qgis.lock
