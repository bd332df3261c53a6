package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
)

// TestStart holds what the packages of the pack do before main, whoever waits for it: the engine, for each preview. What only some
// commands need, or only the first resource, is made when it is first used.
func TestStart(t *testing.T) {
	const most = 1000 // allocations, of all packages together
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, "-test.run=^$") // it links all that the pack does
	command.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	all := 0
	packages := regexp.MustCompile(`(?m)^init (dynamoguard\S*) .* (\d+) allocs$`).FindAllStringSubmatch(stderr.String(), -1)
	for _, p := range packages {
		n, err := strconv.Atoi(p[2])
		if err != nil {
			t.Fatal(err)
		}
		all += n
		t.Logf("%s: %d allocations", p[1], n)
	}
	if len(packages) == 0 || all > most {
		t.Errorf("%d packages make %d allocations before main, want at most %d", len(packages), all, most)
	}
}
