# genclient's own build. Every target needs Go alone.

GO ?= go
# A catalog file for the tests that take every model of it through all layers.
export GENCLIENT_CORPUS := $(and $(GENCLIENT_CORPUS),$(abspath $(GENCLIENT_CORPUS)))
# A folder of outside tools whose synthetic models and floor the benchmarks use.
export GENCLIENT_BENCH := $(and $(GENCLIENT_BENCH),$(abspath $(GENCLIENT_BENCH)))
COVERED = ./internal/...,./templates/client/...

.PHONY: help build test lint generate check demo fuzz bench soak

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort

build: ## Build bin/genclient
	$(GO) build -o bin/genclient ./cmd/genclient

test: ## Run all tests with the race detector and print the coverage
	$(GO) test -race -coverpkg=$(COVERED) -coverprofile=coverage.out ./...
	@$(GO) tool cover -func=coverage.out | awk '/^total:/ { print "coverage of internal/... and templates/client: " $$3 }'
	$(GO) -C examples/quickstart test -race ./...
	$(GO) -C bench test -race ./...
	$(GO) -C templates/river test -parallel 12 ./... # they wait for databases and jobs, not for processors

lint: ## Check format, vet and staticcheck
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); exit 1; }
	$(GO) vet ./...
	$(GO) -C bench vet ./...
	$(GO) -C templates/river vet ./...
	$(GO) -C examples/quickstart vet ./...
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

generate: ## Write schemas/ from the saved pages, generated/ from schemas/, docs/lint.md and templates/river.txtar
	$(GO) run ./cmd/genclient scrape --out schemas testdata/pages/text
	$(GO) run ./cmd/genclient generate --package runcomfy --out generated/runcomfy
	$(GO) run ./internal/diag/rulesdoc > docs/lint.md
	$(GO) test ./templates -run TestRiverArchive -update

check: build ## Fail if schemas/ or generated/ is not what scrape and generate write
	bin/genclient scrape --out schemas testdata/pages/text
	git diff --exit-code -- schemas
	$(GO) run ./internal/diag/rulesdoc | diff docs/lint.md -
	bin/genclient generate --package runcomfy --out generated/runcomfy --check
	$(GO) test ./templates -run TestRiverArchive

demo: ## Pages to schemas to a compiled client, then the quickstart against a local emulator
	sh examples/demo.sh

FUZZTIME ?= 1m

fuzz: ## Run every fuzz target for FUZZTIME
	@set -e; for pkg in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz' || true); do \
			echo "== $$pkg $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$pkg; \
		done; \
	done

soak: ## Run 10,000 jobs through faults and kills, the polling figures, and a site of 1,000 models
	GENCLIENT_SOAK_JOBS=10000 $(GO) test -v -timeout 30m -run 'Soak|Polling' ./mock
	GENCLIENT_SITE_MODELS=1000 $(GO) test -v -timeout 30m -run 'EachWayAlone' ./internal/crawl

bench: ## Run the benchmarks, then print the ratios to jennifer, hand-written checks and jsonschema
	$(GO) -C bench test -run '^$$' -bench . -benchmem ./...
	$(GO) -C bench run ./cmd/compare
