package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/indexer/internal/testbackend"
	"dynamoguard/internal/tables"
)

// program is the path of the built program.
var program string

func TestMain(m *testing.M) { os.Exit(withProgram(m.Run)) }

func withProgram(run func() int) int {
	folder, err := os.MkdirTemp("", "dynamoguard-index-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "dynamoguard-index")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return run()
}

// An end is what came of a run of the program.
type end struct {
	ExitCode       int
	Stdout, Stderr string
}

func start(t *testing.T, args ...string) (*exec.Cmd, func() end) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.Command(program, args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	return command, func() end {
		if err := command.Wait(); err != nil && !errors.As(err, new(*exec.ExitError)) {
			t.Fatal(err)
		}
		return end{command.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
}

func run(t *testing.T, args ...string) end {
	t.Helper()
	_, wait := start(t, args...)
	return wait()
}

func equal(t *testing.T, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestProgram(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	url := testbackend.Folder(t)
	broken := strings.TrimPrefix(url, "file://") + "/.pulumi/stacks/shop/broken.json"
	testbackend.Write(t, url, "shop/dev", testbackend.State("shop/dev", "orders", "secret"))

	t.Setenv("PULUMI_BACKEND_URL", url)
	equal(t, run(t, "build"), end{Stderr: "dynamoguard-index.json: 1 table of 1 stack in " + url + " (1 read, 0 unchanged, 0 failed)\n" +
		"1 table left out, whose name is secret\n"})

	if err := os.WriteFile(broken, []byte(`{"version":3,`), 0o644); err != nil {
		t.Fatal(err)
	}
	equal(t, run(t, "build", "--backend", url, "--output", "other.json"), end{ExitCode: 3, Stderr: "" +
		"organization/shop/broken could not be read; the index has nothing of it: not a state: it ends after 13 bytes, in the middle\n" +
		"other.json: 1 table of 2 stacks in " + url + " (1 read, 0 unchanged, 1 failed)\n" +
		"1 table left out, whose name is secret\n"})

	equal(t, run(t, "build", "--backend", url, "--parallel", "0"), end{
		ExitCode: 1, Stderr: "dynamoguard-index: --parallel is 0; it must be at least 1\n"})
	equal(t, run(t, "build", "shop"), end{
		ExitCode: 1, Stderr: "dynamoguard-index: unknown command \"shop\" for \"dynamoguard-index build\"\n"})
}

func TestMergeAndValidate(t *testing.T) {
	t.Chdir(t.TempDir())
	entry := func(name, stack string) tables.Entry {
		return tables.Entry{
			Partition: "aws", Account: "111122223333", Region: "us-east-1", Name: name,
			Organization: "organization", Project: "shop", Stack: stack,
			URN: "urn:pulumi:" + stack + "::shop::aws:dynamodb/table:Table::" + name,
		}
	}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	older := tables.New(at, []tables.Entry{entry("orders", "dev"), entry("renamed", "prod")}, nil, 0)
	newer := tables.New(at.Add(time.Hour), []tables.Entry{entry("carts", "prod")}, []string{"organization/shop/qa"}, 2)
	for name, text := range map[string][]byte{
		"older.json": older.Encode(), "newer.json": newer.Encode(), "cut.json": older.Encode()[:200],
		"future.json": []byte(`{"schemaVersion":2,"generatedAt":"2026-01-02T03:04:05Z","tables":[]}`),
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}

	equal(t, run(t, "validate", "older.json"), end{Stdout: "older.json: 2 tables, generated at 2026-01-02T03:04:05Z\n"})
	newerLines := "newer.json: 1 table, generated at 2026-01-02T04:04:05Z\n" +
		"newer.json: 2 tables left out, whose name is secret\n" +
		"newer.json: organization/shop/qa could not be read when it was generated\n"
	equal(t, run(t, "validate", "newer.json"), end{ExitCode: 3, Stdout: newerLines})
	equal(t, run(t, "validate", "missing.json", "cut.json", "future.json", "newer.json"), end{
		ExitCode: 1, Stdout: newerLines, Stderr: "" +
			"dynamoguard-index: open missing.json: no such file or directory\n" +
			"cut.json: not a table index: it ends after 200 bytes, in the middle\n" +
			"future.json: not a table index: schemaVersion 2 is newer than 1, the newest this version of dynamoguard reads; update it\n"})

	equal(t, run(t, "merge", "-o", "merged.json", "older.json", "newer.json"), end{})
	merged, err := os.ReadFile("merged.json")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, string(merged), string(tables.Merge(older, newer).Encode()))
	equal(t, run(t, "merge", "-o", "merged.json", "older.json", "cut.json"), end{
		ExitCode: 1, Stderr: "dynamoguard-index: cut.json: not a table index: it ends after 200 bytes, in the middle\n"})
	after, err := os.ReadFile("merged.json")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, string(after), string(merged))
	equal(t, run(t, "merge", "older.json"), end{
		ExitCode: 1, Stderr: "dynamoguard-index: required flag(s) \"output\" not set\n"})
}

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

			command, wait := start(t, "build", "--backend", url, "-o", output)
			recorded := func() int {
				text, _ := os.ReadFile(output + ".stacks") // not there yet is nothing yet
				return max(bytes.Count(text, []byte("\n"))-1, 0)
			}
			for began := time.Now(); recorded() < 100; time.Sleep(time.Millisecond) {
				if time.Since(began) > time.Minute {
					t.Fatal("no 100 stacks within a minute")
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
			equal(t, recorded(), read)
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

// TestKilled ends the program in a way that it cannot notice, over and over, until the index is there.
func TestKilled(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	cloud.PageSize = 100
	for i := range 60 {
		name := fmt.Sprintf("shop/s%02d", i)
		cloud.Write("acme/"+name, testbackend.State(name, fmt.Sprintf("table-%02d", i)), 1767225600)
	}
	output := filepath.Join(t.TempDir(), "index.json")
	for kill := range 3 {
		var exported atomic.Int64
		command, wait := start(t, "build", "--backend", cloud.URL, "-o", output, "--parallel", "1")
		for exported.Load() < 10 {
			exported.Add(int64(len(cloud.Exports())))
			time.Sleep(time.Millisecond)
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if got := wait(); got.ExitCode != -1 {
			t.Fatalf("kill %d came too late: %+v", kill, got)
		}
	}
	cloud.Exports()
	last := run(t, "build", "--backend", cloud.URL, "-o", output)
	exports := len(cloud.Exports())
	equal(t, last, end{Stderr: fmt.Sprintf("%s: 60 tables of 60 stacks in %s (%d read, %d unchanged, 0 failed)\n",
		output, cloud.URL, exports, 60-exports)})
	if exports > 60-3*9 { // of ten that were exported, the last may not have been recorded
		t.Errorf("the last run read %d stacks, and the three before it ten each", exports)
	}
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
