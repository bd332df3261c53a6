.PHONY: build indexer demo policy version release release-check publish publish-binary test test-attack test-node test-report test-engines bench bench-peers soak differential lint fuzz clean

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

# The version of the next release, in every file that says it: make version VERSION=1.2.3
version:
	go run ./internal/release version $(VERSION)

# What a release consists of, in dist/: an archive and a bill of materials for each platform, and SHA256SUMS. It is made of the commit that
# is checked out; TAG is refused if it is not that of its version.
release:
	rm -rf dist
	go run ./internal/release -out dist $(if $(TAG),-tag '$(TAG)')

# Two releases of the commit, made in two folders without a build cache in common, are the same to the byte. Takes minutes.
release-check:
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && for run in first second/elsewhere; do \
		git clone -q . "$$folder/$$run" && GOCACHE="$$folder/$$run.cache" $(MAKE) -C "$$folder/$$run" release || exit 1; \
	done && diff -r "$$folder/first/dist" "$$folder/second/elsewhere/dist" && cat "$$folder/first/dist/SHA256SUMS"

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

# The cases that say what the pack does of programs, up and preview, with other engines than the two of `make test`: each is a folder of e2e/
# whose module names a CLI. Those before 3.255 take no file for --policy-pack, and get the folder that is published with the binary in it.
# The first run builds a CLI each, which takes minutes; so this is for nights, and no part of .ci/run.
ENGINES ?= engines/v3.200 engines/v3.230 engines/v3.276
ENGINE_CASES = Across|AttachedBoundary|AttachedPolicy|Components|Configuration.*|Corrected|Environments|Exemptions|ItemLevelCondition|Levels|ManagedPolicy|MeantPrincipal|PublishedSource|Regions|Remediation|Renamed|Required|Secret.*|Sources|Unknown.*|Violations.*
test-engines:
	@for engine in $(ENGINES); do \
		echo "with the CLI of e2e/$$engine"; \
		(cd e2e && go test -timeout 60m -run '^Test($(ENGINE_CASES))$$' . -engine $$engine) || exit 1; \
	done

# The HTML report in a real Chromium without a window, Debian's: opened, filtered, read by keyboard and by a screen reader's names, on
# a phone and on paper. SHOTS names a folder that exists, for the pictures and PDFs to be looked at.
test-report:
	cd e2e && go test -tags browser -count 1 -timeout 20m -v ./browser $(if $(SHOTS),-shots $(abspath $(SHOTS)))

# What the pack costs, against an analyzer without a policy and against previews without a pack, as one table; fails where it is more
# than it may be. Takes minutes, and Linux. docs/speed.md says how it measures.
bench:
	cd e2e && go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./bench

# The same table, with AWSGuard in it, which needs Node and npm.
bench-peers:
	cd e2e/bench/awsguard && npm ci --ignore-scripts --no-audit --no-fund
	cd e2e && go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./bench -peers

# A million requests mutated from those of the fixtures, and a million calls of Analyze over gRPC; fails where one is refused, a
# policy fails, or a resource that passes costs more memory than it may. Takes a quarter of an hour. SEED reproduces a run.
SOAK ?= 1000000
SEED ?= 1
soak:
	go test ./policies -run '^$$' -bench '^Benchmark(Mutations|Soak)$$' -benchtime 1x -timeout 120m -soak.requests=$(SOAK) -soak.seed=$(SEED)

# A target that is not there would pass for one that finds nothing, so it is looked for first.
# Counted, not timed: when the time is up between two inputs, the fuzzer may fail a target that found nothing ("context deadline exceeded").
FUZZTIME ?= 1000000x
FUZZ = internal/iam:FuzzParse internal/iam:FuzzMatch internal/iam:FuzzEvaluate internal/iam:FuzzLanguage internal/iam:FuzzPropose internal/glob:FuzzMatch internal/state:FuzzRead internal/facts:FuzzReadTables internal/foresight:FuzzValues internal/analyzer:FuzzLean
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
	@for module in . e2e e2e/newest e2e/engines/v3.200 e2e/engines/v3.230 e2e/engines/v3.276 e2e/yamlhost indexer tools; do \
		(cd $$module && go mod tidy -diff) || { echo "run go mod tidy in $$module"; exit 1; }; \
	done
	@for module in . e2e e2e/yamlhost indexer; do \
		echo "go vet and staticcheck in $$module"; \
		(cd $$module && go vet -tags attack,node,browser ./... && go tool -modfile=$(CURDIR)/tools/go.mod staticcheck -tags attack,node,browser ./...) || exit 1; \
	done

clean:
	rm -rf bin dist
