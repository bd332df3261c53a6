package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dynamoguard/indexer/internal/testbackend"
	"dynamoguard/internal/tables"
)

// TestThousandStacks holds the program to its memory, and to going on where a signal ended it: 1,000 stacks of 1 MB.
func TestThousandStacks(t *testing.T) {
	const stacks, megabyte, most = 1000, 1 << 20, 300 << 20
	stateOf := func(i int) (name, state string) {
		name = fmt.Sprintf("shop/s%03d", i)
		return name, testbackend.State(name, fmt.Sprintf("table-%03d", i))
	}
	for _, kind := range []struct {
		name string
		new  func(*testing.T) (url string)
	}{
		{"file", func(t *testing.T) string {
			url := testbackend.Folder(t)
			testbackend.Write(t, url, "shop/s000", testbackend.State("shop/s000"))
			for i := range stacks {
				name, state := stateOf(i)
				file := filepath.Join(strings.TrimPrefix(url, "file://"), ".pulumi", "stacks", name+".json")
				if err := os.WriteFile(file, []byte(testbackend.Pad(state, megabyte)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			return url
		}},
		{"cloud", func(t *testing.T) string {
			t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
			cloud := testbackend.NewCloud(t)
			cloud.PageSize, cloud.StateSize = 100, megabyte
			for i := range stacks {
				name, state := stateOf(i)
				cloud.Write("acme/"+name, state, 1767225600)
			}
			return cloud.URL
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			testbackend.Isolate(t)
			url := kind.new(t)
			output := filepath.Join(t.TempDir(), "index.json")

			command, wait := start(t, "build", "--backend", url, "-o", output, "--parallel", "1")
			for began := time.Now(); recorded(output) < 100; time.Sleep(time.Millisecond) {
				if time.Since(began) > patience {
					t.Fatalf("%d stacks were read, and not 100", recorded(output))
				}
			}
			if err := command.Process.Signal(os.Interrupt); err != nil {
				t.Fatal(err)
			}
			read := 0
			interrupted := wait()
			if _, err := fmt.Sscanf(interrupted.Stderr, "interrupted with %d of 1000", &read); err != nil {
				t.Fatalf("%+v", interrupted)
			}
			equal(t, interrupted, end{ExitCode: 130, Stderr: fmt.Sprintf("interrupted with %d of 1000 stacks read; "+
				"the index is as it was, and the same command goes on from here\n", read)})
			equal(t, recorded(output), read)
			if _, err := os.Stat(output); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("an interrupted build left an index: %v", err)
			}

			began := time.Now()
			resumed, wait := start(t, "build", "--backend", url, "-o", output)
			memory := int64(0)
			for now, runs := peak(resumed.Process); runs; now, runs = peak(resumed.Process) {
				memory = max(memory, now)
				time.Sleep(time.Millisecond)
			}
			equal(t, wait(), end{Stderr: fmt.Sprintf("%s: 1000 tables of 1000 stacks in %s (%d read, %d unchanged, 0 failed)\n",
				output, url, stacks-read, read)})
			if memory == 0 || memory > most {
				t.Errorf("%d bytes of memory, and at most %d are allowed", memory, int64(most))
			} else {
				t.Logf("%d stacks in %v with %d MB of memory", stacks-read, time.Since(began).Round(time.Millisecond), memory>>20)
			}
			text, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			index, err := tables.Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			for i, e := range index.Tables {
				if want := fmt.Sprintf("table-%03d", i); e.Name != want {
					t.Fatalf("tables[%d] is %s, not %s", i, e.Name, want)
				}
			}
		})
	}
}

// peak returns the most memory that a process has had so far, in bytes, and whether it still runs. It asks Linux: what
// a process that has ended is said to have used includes what the process that started it had.
func peak(process *os.Process) (int64, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process.Pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(status)) {
		kilobytes := int64(0)
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10, true
		}
	}
	return 0, false // it has ended, and was not waited for
}

// TestProgress shows the bar on a terminal, and nothing of it elsewhere.
func TestProgress(t *testing.T) {
	testbackend.Isolate(t)
	url := testbackend.Folder(t)
	for i := range 3 {
		name := fmt.Sprintf("shop/s%d", i)
		testbackend.Write(t, url, name, testbackend.State(name))
	}
	output := filepath.Join(t.TempDir(), "index.json")
	// script(1) of util-linux gives a program a terminal.
	line := fmt.Sprintf("stty rows 24 cols 100; exec %s build --backend %s -o %s", program, url, output)
	command := exec.Command("script", "--quiet", "--return", "--command", line, os.DevNull)
	command.Env = append(os.Environ(), "TERM=screen") // which nobody asks for its colours
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"3 of 3 stacks", "100 %", "0 tables of 3 stacks"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the terminal does not show %q:\n%q", want, out)
		}
	}
}
