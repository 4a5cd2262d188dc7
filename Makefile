# Martlet. `make help` lists the targets; CI and a laptop call the same ones.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN      := .build/release/martlet
DATA     ?= .martlet
LISTEN   ?= 127.0.0.1:8443
TIME     ?= 60
RELEASE  := swift build -c release --static-swift-stdlib --product martlet

.PHONY: help
help: ## List the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## Install the Debian packages that are missing
	@scripts/install-packages.sh build

.PHONY: deps-test
deps-test: deps
	@scripts/install-packages.sh test

.PHONY: build
build: deps ## Build the release program
	@$(RELEASE)

.PHONY: demo
demo: build ## From a fresh clone to answers: serve the bundled models and ask them
	@scripts/demo.sh $(BIN)

.PHONY: up
up: build ## Run all roles in the background, data in DATA
	@scripts/up.sh $(BIN) $(DATA) $(LISTEN)

.PHONY: down
down: ## Stop what `make up` started
	@scripts/down.sh $(DATA)

.PHONY: test
test: deps-test ## Unit, conformance and integration tests
	@scripts/test.sh

.PHONY: smoke
smoke: build ## One request through a gateway of its own, in a few seconds
	@scripts/smoke.sh $(BIN)

.PHONY: check
check: deps-test ## Format, imports, generated code fresh, kernel symbols, house rules
	@scripts/check.sh

.PHONY: fuzz
fuzz: deps ## Fuzz every parser of foreign bytes, TIME seconds altogether
	@scripts/fuzz.sh $(TIME)

.PHONY: conformance
conformance: deps-test ## HTTP/2 and HPACK by section of their RFCs, gRPC's interoperability suite, TLS, a browser, ONNX
	@scripts/conformance.sh

.PHONY: abuse
abuse: build deps-test ## Attack a gateway in every way we know: what it costs, what others notice
	@scripts/abuse.sh $(BIN)

.PHONY: simulate
simulate: deps ## SCHEDULES runs on a simulated network and clock; SEED=N repeats one
	@scripts/simulate.sh $(or $(SCHEDULES),10000) $(SEED)

.PHONY: slurm-test
slurm-test: build deps-test ## Training under Slurm: four nodes of this machine, one is killed, the job is requeued
	@scripts/slurm-test.sh $(BIN)

.PHONY: soak
soak: build deps-test ## MINUTES (10) of load at 70 % while processes die, pause and change their keys
	@scripts/python-env.sh test && .venv/bin/python Tests/Soak/soak.py $(BIN) $(or $(MINUTES),10) $(SEED)

.PHONY: soak-generation
soak-generation: build deps-test ## STREAMS (2000) of a language model for five tenants, a fifth of them cancelled
	@scripts/python-env.sh test && .venv/bin/python Tests/Soak/generation.py $(BIN) $(or $(STREAMS),2000) $(SEED)

.PHONY: bench
bench: build deps-test ## Kernels, models and calls beside ONNX Runtime and grpcio
	@scripts/python-env.sh bench && bench/run.sh $(BIN)

.PHONY: bench-peers
bench-peers: build deps-test ## The gateway beside proxies that people use, models beside other engines
	@scripts/python-env.sh bench && bench/peers.sh $(BIN) && bench/models.sh $(BIN)
	@bench/generation.sh $(BIN) && bench/training.sh $(BIN)

.PHONY: bench-models
bench-models: build deps-test ## Models of every class beside ONNX Runtime, OpenVINO and PyTorch, the same answers
	@bench/models.sh $(BIN)

.PHONY: bench-generation
bench-generation: build deps-test ## Language models beside llama.cpp: prompts, tokens, eight streams, memory
	@bench/generation.sh $(BIN)

.PHONY: bench-training
bench-training: build deps-test ## Networks beside PyTorch and Keras, classical algorithms beside scikit-learn
	@bench/training.sh $(BIN)

.PHONY: bench-scaling
bench-scaling: build deps-test ## Training with workers and parameter servers, and as MPI ranks, beside one process
	@bench/scaling.sh $(BIN)

.PHONY: bench-accuracy
bench-accuracy: build deps-test ## The mission's CNN on all of Fashion-MNIST and on digits, through the service, beside Keras
	@bench/accuracy.sh $(BIN)

.PHONY: bench-sharing
bench-sharing: build deps-test ## What a training takes from requests to the same service
	@scripts/python-env.sh test && scripts/python-env.sh training && \
		.venv/bin/python bench/training/serving.py $(BIN)

.PHONY: bench-operators
bench-operators: build deps-test ## Some 150 single operators beside ONNX Runtime, one thread, worst first
	@bench/operators.sh $(BIN)

.PHONY: bench-startup
bench-startup: build deps-test ## How long models take to load, and what they leave, beside ONNX Runtime
	@bench/startup.sh $(BIN)

.PHONY: proto
proto: deps-test ## Regenerate what comes from Proto/
	@scripts/generate-protocols.sh

.PHONY: models
models: ## Train and export the bundled models again
	@Models/train/run.sh

.PHONY: compose-up
compose-up: ## Build the image and run compose/compose.yaml
	@compose/up.sh

.PHONY: compose-down
compose-down: ## Stop what `make compose-up` started
	@compose/down.sh

.PHONY: compose-test
compose-test: ## The demo's client against the composition
	@compose/test.sh
