# Every target says in one line what it does: make help.
SHELL := /bin/sh
.DEFAULT_GOAL := help
FUNCTIONS := $(patsubst functions/%/bootstrap/main.go,%,$(wildcard functions/*/bootstrap/main.go))
ARCH ?= arm64
export CGO_ENABLED := 0
LDFLAGS := -s -w

.PHONY: help run demo pictures import export test test-clients test-one lint vulnerable bench sim build size deploy redrive invoke show conformance crash soak mutants mutate mutate-all build-local FORCE

help: ## lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | awk -F'\t' '{printf "  make %-12s %s\n", $$1, $$2}'

run: build-local ## builds, starts everything on this machine, prints the addresses and demo keys; Ctrl-C stops it
	@exec build/local/userops-local run

demo: ## plays a shop through the HTTP API of a running stack and prints what came out
	@go build -o build/local/demo ./shared/shop/cmd/demo && exec build/local/demo

import: ## sends a real file as events: FILE= FORMAT=csv|shopify|woocommerce|segment|..., csv with MAP="order_id:Column,..."; DRY=1 shows what would be sent (docs/import.md)
	@go build -o build/local/import ./shared/shop/cmd/import && exec build/local/import -file "$(FILE)" -format "$(FORMAT)"

export: ## writes days of the archive for DuckDB, Athena, Spark: DAY= or FROM= TO=, FORMAT=parquet|ndjson OUT=folder OPEN=1 BUCKET=name (docs/export.md)
	@go build -o build/local/export ./shared/local/cmd/export && exec build/local/export

invoke: build-local ## runs one event alone: FUNCTION=ingest EVENT=events/ingest/batch.json
	@exec build/local/userops-local invoke "$(FUNCTION)" "$(EVENT)"

redrive: build/local/userops-local ## sends the dead letters of a queue again: QUEUE=EventsQueue
	@exec build/local/userops-local redrive "$(QUEUE)"

show: build/local/userops-local ## what a packed item of the tables holds, as JSON: ID=u-1001 WHAT=profile|order|timeline DAY=
	@exec build/local/userops-local show "$(or $(WHAT),profile)" "$(ID)" $(DAY)

conformance: ## the store tests against another DynamoDB: ENDPOINT=http://127.0.0.1:8000
	USEROPS_DYNAMODB_ENDPOINT="$(ENDPOINT)" go test -count=1 -p 1 ./shared/dynamo/... ./functions/projection ./functions/settlement ./functions/dispatch ./functions/orchestration

# The stand-ins are a module of their own.
STANDIN := shared/standin

# GOGC: a sixth of what the tests take is the collection of heaps that are small. The timeout is for a machine that does much else.
test: ## every test that needs only Go; what is left out is said at its end
	CLIENTS=none GOGC=400 go test -timeout 30m ./...
	cd $(STANDIN) && GOGC=400 go test -timeout 30m -skip '$(AGREES)' ./...
	@test -d ../shared/data || echo "no real data in ../shared/data: the tests that need it were skipped"
	@echo "left out: the $$(wc -l <$(CLIENTS)) tests that need more than Go, and TestAgreesWithSAM of the stand-ins: make test-clients"

# Who needs more than Go: of the product by package, and of the stand-ins. Both targets go by these.
CLIENTS := shared/functiontest/client/tests.txt
AGREES := ^TestAgreesWithSAM$$

test-clients: ## every test that needs more than Go: browsers and public clients, the documents' examples, cfn-lint, SAM's translator, DuckDB
	@mkdir -p build && rm -f build/skipped
	SKIPPED=$(CURDIR)/build/skipped go test -count=1 -timeout 20m -run "^($$(cut -d ' ' -f 2 $(CLIENTS) | paste -sd '|' -))$$" $$(cut -d ' ' -f 1 $(CLIENTS) | sort -u)
	cd $(STANDIN) && SAM_TEMPLATES=$(CURDIR)/template.yaml go test -count=1 -run '$(AGREES)' ./sam
	@python3 -c 'import samtranslator' 2>/dev/null || echo "skipped TestAgreesWithSAM: python3 has no samtranslator (pip install aws-sam-translator)" >>build/skipped
	@cat build/skipped 2>/dev/null || echo "no test was skipped"

test-one: ## one package, or one test of it, with what it logs: PKG=./functions/dispatch RUN=TestQuietHours
	@test -n "$(PKG)" || { echo "PKG= is missing: make test-one PKG=./functions/dispatch RUN=TestQuietHours" >&2; exit 2; }
	@case "$(PKG)" in *shared/standin/*) cd $(STANDIN) && go test -count=1 -v $(if $(RUN),-run '$(RUN)') "./$${PKG#*shared/standin/}";; *) go test -count=1 -v $(if $(RUN),-run '$(RUN)') $(PKG);; esac

crash: ## uses the stack while its processes are ended by kill -9, then does the accounts: KILLS=100 SEED=
	KILLS=$(or $(KILLS),100) SEED=$(SEED) go test -count=1 -timeout 60m -run 'TestCrash$$|TestARunThatIsKilled$$' -v ./functions

pictures: ## docs/console: every screen of the console in both languages with the data of make demo, taken by Chromium
	PICTURES="$(CURDIR)/docs/console" go test -count=1 -timeout 20m -run 'TestPictures$$' ./functions

soak: ## ten minutes of load; fails when a process's memory is not flat: MINUTES=10
	MINUTES=$(or $(MINUTES),10) go test -count=1 -timeout 90m -run 'TestSoak$$' -v ./functions

# Every check that staticcheck has, those of style too, but for ST1003: some fields are named as AWS's JSON has them (QueueUrl, ShardId).
CHECKS := -checks all,-ST1003
lint: ## gofmt, vet, staticcheck, files that need one another in a circle, and govulncheck where its database is reached
	@test -z "$$(gofmt -l functions shared)" || { gofmt -l functions shared; exit 1; }
	go vet ./...
	go tool staticcheck $(CHECKS) ./...
	cd $(STANDIN) && go vet ./... && $$(cd $(CURDIR) && go tool -n staticcheck) $(CHECKS) ./...
	@go build -o build/local/circles ./shared/local/cmd/circles
	go vet -vettool=$(CURDIR)/build/local/circles ./...
	cd $(STANDIN) && go vet -vettool=$(CURDIR)/build/local/circles ./...
	@$(MAKE) --no-print-directory vulnerable

build/tools/govulncheck:
	@GOBIN=$(CURDIR)/build/tools go install golang.org/x/vuln/cmd/govulncheck@v1.9.0

vulnerable: build/tools/govulncheck ## known faults of what the programs are linked from; says so where the database of them is not reached
	@out=$$(build/tools/govulncheck ./... 2>&1); rc=$$?; case "$$out" in \
		*"fetching vulnerabilities"*) echo "known faults were NOT looked for: govulncheck's database is not reached from here";; \
		*) echo "$$out"; exit $$rc;; esac

build: ## build/<function>/bootstrap for Lambda (ARCH=arm64 or amd64)
	@for f in $(FUNCTIONS); do \
		echo "build/$$f/bootstrap"; \
		GOOS=linux GOARCH=$(ARCH) go build -trimpath -tags lambda.norpc -ldflags '$(LDFLAGS)' -o build/$$f/bootstrap ./functions/$$f/bootstrap || exit 1; \
	done

LOCAL := $(FUNCTIONS:%=build/local/%/bootstrap) build/local/userops-local
build-local: ## the same programs for this machine, and the stack that runs them
	@test -e build/local/userops-local || echo "building for this machine; the first time takes a minute or two"
	@$(MAKE) --no-print-directory -j2 $(LOCAL)

# go itself knows what is out of date.
FORCE:
build/local/%/bootstrap: FORCE
	@test -e $@ || echo $@; go build -tags lambda.norpc -ldflags '$(LDFLAGS)' -o $@ ./functions/$*/bootstrap
build/local/userops-local: FORCE
	@go build -o $@ ./shared/local/cmd/userops-local

bench: build build-local ## benchmarks and the cost meter; writes build/bench.json
	@go run ./shared/local/cmd/bench

build/tools/gremlins:
	@GOBIN=$(CURDIR)/build/tools go install github.com/go-gremlins/gremlins/cmd/gremlins@v0.5.0

mutate: build/tools/gremlins ## which small changes of the code no test notices: PKG=./shared/domain/people/order MIN=88
	@go build -o build/local/mutate ./shared/local/cmd/mutate && exec build/local/mutate -min $(or $(MIN),0) $(PKG)

# Pure packages first: they take minutes. The functions and stores after them take hours.
MUTATED := ./shared/domain/... ./shared/liquid ./shared/queue ./shared/httpapi ./shared/job ./shared/settings ./shared/channel/... \
	./functions/dispatch ./functions/settlement ./functions/orchestration ./functions/projection ./functions/ingest ./functions/member/... ./shared/dynamo/...
mutate-all: build/tools/gremlins ## the same for every package that it is meant for, by night: MIN=88
	@$(MAKE) --no-print-directory mutate PKG="$(MUTATED)" MIN=$(MIN)

SEEDS ?= 20
FIRST ?= 1
sim: ## all functions under faults in virtual time: SEEDS=n FIRST=k, each TWICE=1; SEED=n alone with its story, SHRINK=1 what its broken promise needs; BASE=commit
	@go run ./shared/local/cmd/sim -seeds $(SEEDS) -first $(FIRST) $(if $(SEED),-seed $(SEED)) $(if $(TWICE),-twice) $(if $(BASE),-base $(BASE)) $(if $(PREVIOUS),-previous $(PREVIOUS)) \
		$(if $(MUTANT),-mutant $(MUTANT)) $(if $(SHRINK),-shrink $(or $(REPLAYS),160)) $(if $(BREAKS),-breaks $(BREAKS)) $(if $(LEFT),-left $(LEFT))

mutants: ## plants faults one by one and tells what notices each: ONLY=names, SEEDS=n looks at n more seeds, RECORD=1 writes the one that notices into the row, SEEDS=-1 asks the tests alone
	@go run ./shared/local/cmd/sim -mutants $(if $(ONLY),-only $(ONLY)) $(if $(filter command line environment,$(origin SEEDS)),-seeds $(SEEDS)) $(if $(RECORD),-record) -first $(FIRST)

size: build ## the zipped size of every function
	@for f in $(FUNCTIONS); do printf '%s\t' $$f; gzip -9 -c build/$$f/bootstrap | wc -c; done

deploy: ## makes a stack in AWS or changes it, without questions: STACK=shop REGION= PARAMETERS=file ROTATE= RETIRE= CHECK=1, any parameter as Name=value; keys as variables (docs/deploy.md)
	@go build -o build/local/deploy ./shared/local/cmd/deploy && exec build/local/deploy
