.PHONY: build demo test lint clean

# What people pass to --policy-pack.
build:
	go build -trimpath -ldflags '-s -w' -o bin/pulumi-analyzer-dynamoguard .

# The real CLI on a sample project: an insecure stack, stopped, then the corrected one, passing.
demo: build
	cd e2e && go run ./cmd/demo

# Every test of every module. The first run builds the Pulumi CLI, which takes minutes.
test: lint
	go test -race ./...
	cd e2e && go test -timeout 30m ./...

lint:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'run gofmt -w on these'; exit 1; }
	go vet ./...
	cd e2e && go vet ./...

clean:
	rm -rf bin
