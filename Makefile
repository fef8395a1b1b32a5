# Parley. `make help` lists the targets; each can be run alone.

LISTEN ?= 127.0.0.1:8080
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
GOFLAGS_BUILD := -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
WASM_EXEC_DIR := $(shell go env GOROOT)/lib/wasm
WASM_PACKAGES := ./internal/wire ./internal/engine ./internal/engine/moment ./wasm/... ./demo/sdk
ASSETS := server/web/assets
# Go files that people write.
WRITTEN = $(shell git ls-files '*.go' ':!*_gen.go' ':!*.gen.go')

# Where LISTEN is beyond this machine, running the dev server there is a wish
# that was spoken out; the server says what it means.
REMOTE := $(if $(filter 127.% localhost:% [::1]:%,$(LISTEN)),,--remote)

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: run
run: build ## Build all and start the dev server with the demo (LISTEN=host:port).
	dist/parley dev --listen $(LISTEN) $(REMOTE)

.PHONY: build
build: assets ## Write dist/parley (server with SDK and demo inside) and dist/sdk (npm package).
	go build $(GOFLAGS_BUILD) -o dist/parley ./server

.PHONY: sdk
sdk: ## Write dist/sdk, the npm package.
	go run ./js/cmd/build -out dist/sdk

.PHONY: site
site: ## Write dist/site, the demo and quickstart pages.
	go run ./demo/cmd/build -out dist/site

.PHONY: assets
assets: sdk site
	rm -rf $(ASSETS)/sdk $(ASSETS)/site
	cp -R dist/sdk $(ASSETS)/sdk
	cp -R dist/site $(ASSETS)/site

.PHONY: test
test: tools build check test-wasm test-go test-js ## Run everything; installs what it needs.

.PHONY: tools
tools: ## Install what the tests need: chromium (Debian) and the npm packages.
	.ci/tools

.PHONY: check
check: ## Formatting, vet for both platforms, generated files.
	@stale="$$(go tool gofumpt -l $(WRITTEN))"; test -z "$$stale" || { echo "not formatted; run make fmt:"; echo "$$stale"; exit 1; }
	go vet ./...
	GOOS=js GOARCH=wasm go vet ./internal/wire ./internal/engine ./internal/engine/moment ./wasm/... ./demo/...
	.ci/drift

.PHONY: test-go
test-go: ## Go tests with the race detector, the browser tests included.
	go test -race -timeout 15m ./...

.PHONY: test-wasm
test-wasm: ## The client core's tests, compiled to wasm, under Node.
	PATH="$(WASM_EXEC_DIR):$$PATH" GOOS=js GOARCH=wasm go test $(WASM_PACKAGES)

.PHONY: test-js
test-js: ## JavaScript tests and types of the npm package.
	cd js && npm test

.PHONY: bench
bench: build ## Measure against the peers; results go to docs/benchmarks.md.
	go run ./internal/bench -out docs/benchmarks.md

.PHONY: generate
generate: ## Regenerate what is generated.
	go generate ./...

.PHONY: fmt
fmt: ## Format the Go files.
	go tool gofumpt -w $(WRITTEN)

.PHONY: lint
lint: check ## All checks that need no test run, and the linters.
	.ci/lint

.PHONY: clean
clean: ## Remove what was built.
	rm -rf dist $(ASSETS)/sdk $(ASSETS)/site
