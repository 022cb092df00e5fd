# Everything runs with the Node 24 that `make setup` puts into node_modules; the machine's own Node only starts npm.
# Besides the checkout, only the cache changes: ~/.cache/nsbaseline, or what NSBASELINE_CACHE names.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.SUFFIXES:
MAKEFLAGS += --no-print-directory

USER_CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)
export NSBASELINE_CACHE ?= $(USER_CACHE)/nsbaseline
# Node's fetch takes no notice of HTTPS_PROXY unless told to.
export NODE_USE_ENV_PROXY := 1

BIN := node_modules/.bin
MACHINE_PATH := $(PATH)
export PATH := $(CURDIR)/$(BIN):$(PATH)

# Further arguments for vitest, such as VITEST_ARGS="-t R4".
VITEST_ARGS ?=
VITEST = vitest run $(VITEST_ARGS)
CONTROL_PLANE = node test/support/control-plane/ensure-binaries.ts
TOOLS = node test/support/tools/ensure-tools.ts

.PHONY: help
help: ## List what make can do
	@echo 'Usage: make <what>'
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: node_modules/.package-lock.json ## Install Node 24 and the dependencies into the checkout (all others do so first)
	@$(mend_node)

# npm writes this file at the end of an install, so an interrupted one is begun anew.
node_modules/.package-lock.json: package-lock.json
	@PATH='$(MACHINE_PATH)'; command -v npm >/dev/null || { echo 'There is no npm. Install any Node.js from version 20 on (https://nodejs.org), and run this again.' >&2; exit 1; }
	@echo 'Installing Node 24 and the dependencies into node_modules'
	@PATH='$(MACHINE_PATH)' npm ci --cache '$(NSBASELINE_CACHE)/npm' --no-audit --no-fund --no-update-notifier --loglevel=error
	@touch $@

# npm may refuse to run install scripts; without its own, the package `node` has no program in it.
define mend_node
wanted="v$$(sed -n 's/^ *"node": "\([0-9.]*\)",*$$/\1/p' package.json)"; \
found() { $(BIN)/node --version 2>/dev/null || echo none; }; \
if [ "$$(found)" != "$$wanted" ]; then \
  echo "npm did not install Node $$wanted (found: $$(found)); running the installer of the package \"node\""; \
  (cd node_modules/node && PATH='$(MACHINE_PATH)' npm_config_cache='$(NSBASELINE_CACHE)/npm' node installArchSpecificPackage.js) && \
  ln -sf ../node/bin/node $(BIN)/node; \
  [ "$$(found)" = "$$wanted" ] || { echo "Node $$wanted could not be installed. Remove node_modules and run this again." >&2; exit 1; }; \
fi
endef

.PHONY: build
build: setup ## Build bin/nsbaseline and bin/kubectl-baseline, which run from any folder, and the package entry nsbaseline/policy
	@rm -rf dist bin && mkdir -p bin
	@REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" node image/bundle.ts dist src/main.ts
	@node image/policy-package.ts dist
	@for name in nsbaseline kubectl-baseline; do \
	  cp dist/main.js "dist/$$name.js" && printf '%s\n' "$$LAUNCHER" > "bin/$$name" && chmod +x "bin/$$name" || exit 1; \
	done
	@echo 'Built bin/nsbaseline and bin/kubectl-baseline'

define LAUNCHER
#!/bin/sh
# Runs the nsbaseline that `make build` left in this checkout, with the checkout's Node.
self=$$0
while [ -L "$$self" ]; do
  target=$$(readlink "$$self")
  case $$target in
    /*) self=$$target ;;
    *) self=$$(dirname "$$self")/$$target ;;
  esac
done
root=$$(cd "$$(dirname "$$self")/.." && pwd -P) || exit 1
if [ ! -x "$$root/node_modules/.bin/node" ]; then
  echo "$$root has no Node; run \"make build\" there." >&2
  exit 1
fi
# A link may have the other name, as the one that makes it a kubectl plugin.
name=$$(basename "$$0")
[ "$$name" = kubectl-baseline ] || name=$$(basename "$$self")
# DEP0040 is about a dependency's dependency, and nothing that a user could mend.
# Memory is as in the image; the Dockerfile says why.
export MALLOC_ARENA_MAX="$${MALLOC_ARENA_MAX:-1}"
exec "$$root/node_modules/.bin/node" --max-semi-space-size=8 --disable-warning=DEP0040 "$$root/dist/$$name.js" "$$@"
endef
export LAUNCHER

# The name of the image; for a registry of yours: make image IMAGE=registry.example/nsbaseline:0.1.0
IMAGE ?= nsbaseline:$(shell sed -n 's/^ *"version": "\([^"]*\)",*$$/\1/p' package.json)
# Other bases than those in the Dockerfile, and further flags for `docker build`, such as --platform or --pull.
BUILD_IMAGE ?=
RUNTIME_IMAGE ?=
IMAGE_FLAGS ?=
SOURCE_URL ?=
# Everything about an image comes from the commit, so that one commit gives one image.
COMMIT_SECONDS = $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
IMAGE_ARGS = --build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" \
  --build-arg VERSION="$$(sed -n 's/^ *"version": "\([^"]*\)",*$$/\1/p' package.json)" \
  --build-arg SOURCE_DATE_EPOCH="$(COMMIT_SECONDS)" \
  --build-arg CREATED="$$(TZ=UTC date -u -d "@$(COMMIT_SECONDS)" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$(COMMIT_SECONDS)" +%Y-%m-%dT%H:%M:%SZ)" \
  --build-arg SOURCE_URL="$(SOURCE_URL)" \
  $(if $(BUILD_IMAGE),--build-arg BUILD_IMAGE='$(BUILD_IMAGE)') $(if $(RUNTIME_IMAGE),--build-arg RUNTIME_IMAGE='$(RUNTIME_IMAGE)')

.PHONY: image
image: ## Build the container image; IMAGE= names it, STAND_IN=1 builds where no image registry can be reached
ifeq ($(STAND_IN),1)
	@$(MAKE) setup
	@image/stand-in/build.sh nsbaseline-stand-in/build:local nsbaseline-stand-in/runtime:local
	@$(MAKE) image STAND_IN= BUILD_IMAGE=nsbaseline-stand-in/build:local RUNTIME_IMAGE=nsbaseline-stand-in/runtime:local IMAGE_FLAGS='--network=host $(IMAGE_FLAGS)'
else
	@docker build $(IMAGE_ARGS) $(IMAGE_FLAGS) --tag '$(IMAGE)' .
	@docker image inspect --format '$(IMAGE): {{.Size}} bytes' '$(IMAGE)'
endif

.PHONY: lint
lint: setup ## Check formatting, import order and the rules of eslint
	@biome check --error-on-warnings .
	@eslint . --max-warnings=0

.PHONY: format
format: setup ## Format all files and sort their imports
	@biome check --write .

.PHONY: typecheck
typecheck: setup ## Run the TypeScript compiler
	@tsc -p .

.PHONY: generate
generate: setup ## Write the CRDs and the reference docs out of the schemas, and which tests prove which fault
	@node src/generate/main.ts
	@node test/fault-table/main.ts

.PHONY: verify
verify: setup ## Check that generated files are current and that a real API server takes the CRDs
	@node src/generate/main.ts --check
	@$(CONTROL_PLANE)
	@$(VITEST) --project integration custom-resources deployment

.PHONY: test
test: setup ## Run all tests that need no Kubernetes; then the integration tests, where the newest Kubernetes is cached
	@$(MAKE) test-quick
	@if $(CONTROL_PLANE) --cached; then $(MAKE) test-integration; else \
	  echo 'No Kubernetes is cached, so the integration tests did not run; "make test-integration" gets it and runs them.'; fi

.PHONY: test-quick
test-quick: setup ## Run the tests that need no Kubernetes: unit tests, simulated histories, faults, and the contract of the fake API server
	@$(VITEST) --project unit --project simulation --project faults --project contract

.PHONY: test-unit
test-unit: setup ## Run the unit tests
	@$(VITEST) --project unit

.PHONY: test-integration
test-integration: setup ## Run the contract and integration tests on the newest Kubernetes, which is downloaded or built if need be
	@$(CONTROL_PLANE)
	@$(TOOLS)
	@$(VITEST) --project contract-real --project integration

.PHONY: faults
faults: setup ## Run the fault suite (F1 to F66): against the fake API server and against the real one
	@$(CONTROL_PLANE)
	@$(VITEST) --project faults --project integration faults

# How many histories, and the number of the first.
SEEDS ?= 100000
FROM ?= 1

.PHONY: simulate
simulate: setup ## Run SEEDS=100000 simulated histories from FROM=1 on, on all cores (`make test` runs some of the first 2,000, .ci/run all of these)
	@node test/simulation/main.ts --seeds '$(SEEDS)' --from '$(FROM)'

.PHONY: test-oldest
test-oldest: setup ## Run the contract and integration tests on the oldest Kubernetes that can be had, but for faults and runbooks
	@KUBERNETES=oldest $(CONTROL_PLANE)
	@$(TOOLS)
	@KUBERNETES=oldest $(VITEST) --project contract-real --project integration --exclude 'test/integration/faults/**' --exclude 'test/integration/runbooks.test.ts'

.PHONY: check
check: lint typecheck verify test ## All that a change must pass: lint, typecheck, verify, test

# How long a soak takes, what it chooses (any number; chosen when empty) and how many replicas run; OUTPUT=json for a report to read by machine.
MINUTES ?= 10
SEED ?=
OPERATORS ?= 2
OUTPUT ?=

.PHONY: soak
soak: setup ## Random events, tampering and faults on a real API server for MINUTES=10, all of them accounted for
	@$(CONTROL_PLANE)
	@node test/soak/main.ts --minutes '$(MINUTES)' --seed '$(SEED)' --operators '$(OPERATORS)' --output '$(OUTPUT)'

.PHONY: scale
scale: setup ## What 1,000, 10,000 and 100,000 namespaces cost the operator, against the fake API server (F50)
	@node test/scale/main.ts

.PHONY: e2e
e2e: setup ## Prove it by packets on a kind cluster, with the real image and manifests; KEEP=1 leaves the cluster, and uses one that was left; E2E_CLUSTER=name for one beside another
	@KEEP='$(KEEP)' $(VITEST) --config vitest.e2e.config.ts

.PHONY: e2e-clean
e2e-clean: setup ## Remove that cluster, its images and, where it was started for them, Docker
	@node test/e2e/clean.ts

# Which scenarios and what else (ARGS="trickle burst -o json"), how often, and how much smaller than the real thing.
ARGS ?=
RUNS ?= 3
SCALE ?= 1

.PHONY: bench
bench: build ## How fast and how small it is, each figure with its floor; ARGS=scenarios, RUNS=3, SCALE=1 (docs/performance.md)
	@REVISION=bench node image/bundle.ts dist/bench bench/programs/*.ts
	@$(CONTROL_PLANE)
	@node bench/main.ts --runs '$(RUNS)' --scale '$(SCALE)' $(ARGS)

.PHONY: demo
demo: setup ## See it at work on a control plane of its own; KEEP=1 leaves that running
	@$(CONTROL_PLANE)
	@KEEP='$(KEEP)' node test/demo/main.ts

.PHONY: clean
clean: ## Remove what was built
	@rm -rf dist bin coverage
