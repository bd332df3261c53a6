.PHONY: build indexer demo policy publish publish-binary test test-attack test-node test-report bench soak differential lint fuzz clean

# What people pass to --policy-pack.
build:
	go build -trimpath -ldflags '-s -w' -o bin/pulumi-analyzer-dynamoguard .

# What builds an index of tables from any Pulumi backend.
indexer:
	cd indexer && go build -trimpath -ldflags '-s -w' -o ../bin/dynamoguard-index .

# The real CLI on a sample project: an insecure stack, stopped, then the corrected one, passing; and one that only `dynamoguard preview` stops.
demo: build
	cd e2e && go run ./cmd/demo

# A new policy to start from: its file, its entry, a fixture, and what is generated. CONTRIBUTING.md goes on from there.
policy:
	go run ./internal/scaffold $(NAME)

# A folder to be published with `pulumi policy publish`, which sends everything in the folder that it is called in; what to call is
# printed. FOLDER names one that is empty or does not exist; docs/publish.md compares the forms.
publish:
	@go run ./internal/publish $(if $(FOLDER),-folder '$(FOLDER)')

# The same around compiled binaries, for runners without a module proxy. PLATFORMS=linux/amd64,darwin/arm64 leaves out the others.
publish-binary:
	@go run ./internal/publish -binary $(if $(FOLDER),-folder '$(FOLDER)') $(if $(PLATFORMS),-platforms '$(PLATFORMS)')

# Every test of every module. The first run builds the Pulumi CLI, which takes minutes. How much is allocated is measured without
# the race detector, which allocates several times as much.
test: lint
	go test -race -skip '^TestBomb$$' ./...
	go test -run '^TestBomb$$' ./...
	cd e2e && go test -timeout 40m ./...
	cd indexer && go test -timeout 20m ./...

# Another user of the machine attacks a pack that runs as root. It needs Linux, and root, which it gives up for the attacker.
test-attack:
	cd e2e && go test -tags attack -run '^TestAttack' -timeout 40m -v .

# Foreseen previews of programs in JavaScript, which Node runs through Pulumi's Automation API. It needs Node and npm. Go would take a
# result from its cache where only a program has changed.
test-node:
	cd e2e/node && npm ci --ignore-scripts --no-audit --no-fund
	cd e2e && go test -tags node -run '^TestNode' -count 1 -timeout 20m -v .

# The HTML report in a real Chromium without a window, Debian's: opened, filtered, read by keyboard and by a screen reader's names, on
# a phone and on paper. SHOTS names a folder that exists, for the pictures and PDFs to be looked at.
test-report:
	cd e2e && go test -tags browser -count 1 -timeout 20m -v ./browser $(if $(SHOTS),-shots $(abspath $(SHOTS)))

# What the pack costs, against an analyzer without a policy; fails where it is more than it may be. Takes minutes, and Linux.
bench:
	cd e2e && go test -run '^$$' -bench Costs -benchtime 1x -timeout 30m .

# A million requests mutated from those of the fixtures, and a million calls of Analyze over gRPC; fails where one is refused, a
# policy fails, or a resource that passes costs more memory than it may. Takes a quarter of an hour. SEED reproduces a run.
SOAK ?= 1000000
SEED ?= 1
soak:
	go test ./policies -run '^$$' -bench '^Benchmark(Mutations|Soak)$$' -benchtime 1x -timeout 120m -soak.requests=$(SOAK) -soak.seed=$(SEED)

# A target that is not there would pass for one that finds nothing, so it is looked for first.
# Counted, not timed: when the time is up between two inputs, the fuzzer may fail a target that found nothing ("context deadline exceeded").
FUZZTIME ?= 1000000x
FUZZ = internal/iam:FuzzParse internal/iam:FuzzMatch internal/iam:FuzzEvaluate internal/iam:FuzzLanguage internal/iam:FuzzPropose internal/glob:FuzzMatch internal/state:FuzzRead internal/facts:FuzzReadTables internal/foresight:FuzzValues
fuzz:
	@for target in $(FUZZ); do \
		package=./$${target%:*} name=$${target#*:}; \
		go test $$package -list "^$$name$$" | grep -qx $$name || { echo "$$target is missing"; exit 1; }; \
		go test $$package -run '^$$' -fuzz "^$$name$$" -fuzztime $(FUZZTIME) || exit 1; \
	done

# The IAM engine against an evaluator that others wrote, which needs Node; `make test` replays a recorded sample.
differential:
	cd differential/oracle && npm ci
	go run ./differential -n 200000 -documents 100000 -matrix 200 -seed 1

# Formatted, tidy and without findings, in every module. That generated files are what their generators write is tested
# beside each of them.
lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these'; exit 1; }
	@for module in . e2e e2e/newest e2e/yamlhost indexer tools; do \
		(cd $$module && go mod tidy -diff) || { echo "run go mod tidy in $$module"; exit 1; }; \
	done
	@for module in . e2e e2e/yamlhost indexer; do \
		echo "go vet and staticcheck in $$module"; \
		(cd $$module && go vet -tags attack,node,browser ./... && go tool -modfile=$(CURDIR)/tools/go.mod staticcheck -tags attack,node,browser ./...) || exit 1; \
	done

clean:
	rm -rf bin
