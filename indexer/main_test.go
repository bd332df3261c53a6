package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/indexer/internal/testbackend"
	"dynamoguard/internal/tables"
)

// patience is how long a test waits for what only a program that hangs does not do.
const patience = 5 * time.Minute

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
		"organization/shop/broken could not be read: not a state: it ends after 13 bytes, in the middle (the index has nothing of it)\n" +
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
			"dynamoguard-index: stat missing.json: no such file or directory\n" +
			"cut.json: not a table index: it ends after 200 bytes, in the middle\n" +
			"future.json: not a table index: schemaVersion 2 is newer than 1, the newest this version of dynamoguard reads; update it\n"})

	wrong := strings.Replace(string(older.Encode()), `"region":"us-east-1","name":"orders"`, `"region":"us","name":"orders"`, 1)
	if err := os.WriteFile("wrong.json", []byte(wrong), 0o644); err != nil {
		t.Fatal(err)
	}
	equal(t, run(t, "validate", "wrong.json"), end{ExitCode: 3, Stdout: "" +
		"wrong.json: 1 table, generated at 2026-01-02T03:04:05Z\n" +
		"wrong.json: left out: tables[0]: region \"us\" is not a region such as us-east-1\n" +
		"wrong.json: organization/shop/dev could not be read when it was generated\n"})

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
	future := tables.New(time.Now().Add(24*time.Hour), nil, nil, 0)
	if err := os.WriteFile("tomorrow.json", future.Encode(), 0o644); err != nil {
		t.Fatal(err)
	}
	refused := end{ExitCode: 1, Stderr: "dynamoguard-index: tomorrow.json: generated at " +
		future.GeneratedAt.Format(time.RFC3339) + ", which is in the future\n"}
	equal(t, run(t, "merge", "-o", "merged.json", "older.json", "tomorrow.json"), refused)
	equal(t, run(t, "validate", "tomorrow.json"), refused)
	equal(t, run(t, "merge", "older.json"), end{
		ExitCode: 1, Stderr: "dynamoguard-index: required flag(s) \"output\" not set\n"})
}

// TestMergedNamesakes: two backends with a stack of the same name each have two stacks, and a table of both is one of each.
func TestMergedNamesakes(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	one, other := testbackend.Folder(t), testbackend.Folder(t)
	for name, url := range map[string]string{"one.json": one, "other.json": other} {
		testbackend.Write(t, url, "shop/prod", testbackend.State("shop/prod", "orders"))
		if got := run(t, "build", "--backend", url, "-o", name); got.ExitCode != 0 {
			t.Fatal(got)
		}
	}
	equal(t, run(t, "merge", "-o", "both.json", "one.json", "other.json"), end{})
	equal(t, run(t, "merge", "-o", "again.json", "both.json", "one.json"), end{})
	want := []string{tables.BackendOf(one) + " organization/shop/prod orders", tables.BackendOf(other) + " organization/shop/prod orders"}
	slices.Sort(want)
	for _, file := range []string{"both.json", "again.json"} {
		var got []string
		for _, e := range decoded(t, file).Tables {
			got = append(got, e.Backend+" "+e.Organization+"/"+e.Owner()+" "+e.Name)
		}
		slices.Sort(got)
		equal(t, got, want)
	}
}

// The key opens nothing. openssl wrote it: `openssl genpkey -algorithm ed25519`, then `openssl pkey -pubout`.
const (
	privateKey = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIDNKB9PqoN+NLwEe04w/cyyVSIoL6pnRqdf1paypGSXG\n-----END PRIVATE KEY-----\n"
	publicKey  = "MCowBQYDK2VwAyEAIkQH+bV8kCqmtLwcpgRqbUpkpeLsM8K94lW8V821a3U="
	otherKey   = "MCowBQYDK2VwAyEAsnT9nV3gzXUxhUNYEAb7MIgSNzRLb2sbvAhYzphiWEY="
)

func TestSign(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	url := testbackend.Folder(t)
	testbackend.Write(t, url, "shop/dev", testbackend.State("shop/dev", "orders"))
	if err := os.WriteFile("key.pem", []byte(privateKey), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("INDEX_KEY", privateKey)
	signed := func(file string) error {
		t.Helper()
		key, err := tables.ParsePublicKey(publicKey)
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return tables.Verify(text, key)
	}
	built := func(file string, unchanged int) end {
		return end{Stderr: fmt.Sprintf("%s: 1 table of 1 stack in %s (%d read, %d unchanged, 0 failed)\n", file, url, 1-unchanged, unchanged)}
	}
	equal(t, run(t, "build", "--backend", url, "-o", "file.json", "--sign", "key.pem"), built("file.json", 0))
	equal(t, run(t, "build", "--backend", url, "-o", "env.json", "--sign-env", "INDEX_KEY"), built("env.json", 0))
	equal(t, run(t, "build", "--backend", url, "-o", "plain.json"), built("plain.json", 0))
	equal(t, run(t, "merge", "-o", "merged.json", "--public-key", publicKey, "--sign", "key.pem", "file.json", "env.json"), end{})
	equal(t, run(t, "merge", "-o", "dropped.json", "file.json"), end{})
	got := map[string]string{}
	for _, file := range []string{"file.json", "env.json", "plain.json", "merged.json", "dropped.json"} {
		got[file] = fmt.Sprint(signed(file))
	}
	equal(t, got, map[string]string{
		"file.json": "<nil>", "env.json": "<nil>", "merged.json": "<nil>",
		"plain.json": "it is not signed", "dropped.json": "it is not signed",
	})

	equal(t, run(t, "validate", "--public-key", publicKey, "file.json", "plain.json"), end{ExitCode: 1,
		Stdout: "file.json: 1 table, generated at " + generatedAt(t, "file.json") + "\n",
		Stderr: "dynamoguard-index: plain.json: it is not signed\n"})
	equal(t, run(t, "merge", "-o", "merged.json", "--public-key", otherKey, "file.json"), end{ExitCode: 1,
		Stderr: "dynamoguard-index: file.json: its signature is not by the configured key\n"})
	equal(t, run(t, "validate", "--public-key", privateKey, "file.json"), end{ExitCode: 1,
		Stderr: "dynamoguard-index: --public-key is not an ed25519 public key, such as openssl pkey -pubout writes between its first line and its last\n"})
}

// TestBadKeys: nothing is built where it cannot be signed, and no message quotes a key, wherever it was given by mistake.
func TestBadKeys(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	url := testbackend.Folder(t)
	testbackend.Write(t, url, "shop/dev", testbackend.State("shop/dev", "orders"))
	for name, text := range map[string]string{
		"key.pem": privateKey, "cut.pem": privateKey[:90], "large.pem": privateKey + strings.Repeat("\n", 16<<10),
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CUT_KEY", privateKey[:90])
	const noKey = "what it names is not an ed25519 private key in PEM, such as openssl genpkey -algorithm ed25519 writes"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--sign", "missing.pem"}, "--sign: no such file or directory"},
		{[]string{"--sign", "cut.pem"}, "--sign: " + noKey},
		{[]string{"--sign", "large.pem"}, "--sign: it has more than 16384 bytes"},
		{[]string{"--sign", os.DevNull}, "--sign: it is not a regular file"},
		{[]string{"--sign", privateKey}, "--sign: no such file or directory"},
		{[]string{"--sign-env", "CUT_KEY"}, "--sign-env: " + noKey},
		{[]string{"--sign-env", "NO_KEY"}, "--sign-env: the variable is not set"},
		{[]string{"--sign-env", privateKey}, "--sign-env: the variable is not set"},
		{[]string{"--sign", "key.pem", "--sign-env", "CUT_KEY"}, "there are two keys: --sign and --sign-env"},
	} {
		equal(t, run(t, append([]string{"build", "--backend", url}, c.args...)...), end{ExitCode: 1, Stderr: "dynamoguard-index: " + c.want + "\n"})
		equal(t, run(t, append([]string{"merge", "-o", "merged.json", "missing.json"}, c.args...)...),
			end{ExitCode: 1, Stderr: "dynamoguard-index: " + c.want + "\n"})
	}
	if _, err := os.Stat("dynamoguard-index.json"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("an index without its signature: %v", err)
	}
}

// TestForgedOutput: whatever a backend, an index or an argument holds, no control character of it reaches the terminal, and
// no line begins in the middle of it.
func TestForgedOutput(t *testing.T) {
	testbackend.Isolate(t)
	t.Chdir(t.TempDir())
	url := testbackend.Folder(t)
	testbackend.Write(t, url, "shop/dev", testbackend.State("shop/dev", "orders"))
	folder := strings.TrimPrefix(url, "file://") + "/.pulumi/stacks/"
	for _, forged := range []string{
		"shop/a__0x1b__[31m__0xa__b.json", // as gocloud.dev/blob/fileblob writes a\x1b[31m\nb.json
		"shop/c\x1b[31m\nd\u202e.json",
	} {
		if err := os.WriteFile(folder+forged, []byte(`{"version":3,`), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("nowhere", folder+"bank\x1b[2J\nrun"); err != nil { // a project that cannot be listed
		t.Fatal(err)
	}
	equal(t, run(t, "build", "--backend", url, "--output", "in\x1b[2J\ndex.json"), end{ExitCode: 3, Stderr: "" +
		`organization/bank\u001b[2J\u000arun/* could not be read: it is a link to what is not there (the index has nothing of it)` + "\n" +
		`organization/shop/a\u001b[31m\u000ab could not be read: not a state: it ends after 13 bytes, in the middle (the index has nothing of it)` + "\n" +
		`organization/shop/c\u001b[31m\u000ad\u202e could not be read: not a state: it ends after 13 bytes, in the middle (the index has nothing of it)` + "\n" +
		`in\u001b[2J\u000adex.json: 1 table of 4 stacks in ` + url + " (1 read, 0 unchanged, 3 failed)\n"})
	equal(t, run(t, "validate", "in\x1b[2J\ndex.json"), end{ExitCode: 3, Stdout: "" +
		`in\u001b[2J\u000adex.json: 1 table, generated at ` + generatedAt(t, "in\x1b[2J\ndex.json") + "\n" +
		`in\u001b[2J\u000adex.json: organization/bank\u001b[2J\u000arun/* could not be read when it was generated` + "\n" +
		`in\u001b[2J\u000adex.json: organization/shop/a\u001b[31m\u000ab could not be read when it was generated` + "\n" +
		`in\u001b[2J\u000adex.json: organization/shop/c\u001b[31m\u000ad\u202e could not be read when it was generated` + "\n"})
	if err := os.Symlink("nowhere", "li\x1b[2J\nnk"); err != nil {
		t.Fatal(err)
	}
	equal(t, run(t, "merge", "-o", "li\x1b[2J\nnk", "in\x1b[2J\ndex.json"), end{ExitCode: 1, Stderr: "" +
		`dynamoguard-index: write li\u001b[2J\u000ank: it is a link, which is not followed; name the file itself` + "\n"})
	equal(t, run(t, "validate", "no\x1b[2J\nne", "\u009b"), end{ExitCode: 1, Stderr: "" +
		`dynamoguard-index: stat no\u001b[2J\u000ane: no such file or directory` + "\n" +
		`stat \u009b: no such file or directory` + "\n"})
	equal(t, run(t, "--a\x1b[2J"), end{ExitCode: 1, Stderr: `dynamoguard-index: unknown flag: --a\u001b[2J` + "\n"})

	long := strings.Repeat("é", 4096)
	equal(t, run(t, "validate", "/"+long), end{ExitCode: 1,
		Stderr: "dynamoguard-index: stat /" + long[:4096-len("dynamoguard-index: stat /")-1] + "...\n"})

	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	cloud.Warning = "upgrade\u009b2J"
	equal(t, run(t, "build", "--backend", cloud.URL), end{Stderr: `warning: upgrade\u009b2J` + "\n" +
		"dynamoguard-index.json: 0 tables of 0 stacks in " + cloud.URL + " (0 read, 0 unchanged, 0 failed)\n"})
}

func generatedAt(t *testing.T, file string) string {
	t.Helper()
	return decoded(t, file).GeneratedAt.Format(time.RFC3339)
}

func decoded(t *testing.T, file string) *tables.Index {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	index, err := tables.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	return index
}

// TestKilled ends the program in a way that it cannot notice, over and over. What it read until then is not read again.
func TestKilled(t *testing.T) {
	testbackend.Isolate(t)
	t.Setenv("PULUMI_ACCESS_TOKEN", testbackend.Token)
	cloud := testbackend.NewCloud(t)
	stack := func(i int) string { return fmt.Sprintf("shop/s%02d", i) }
	for i := range 40 {
		cloud.Write("acme/"+stack(i), testbackend.State(stack(i), fmt.Sprintf("table-%02d", i)), 1767225600)
	}
	output := filepath.Join(t.TempDir(), "index.json")
	for kill := 10; kill <= 30; kill += 10 {
		cloud.Hang("acme/"+stack(kill), true) // so that it is at this stack when it ends
		command, wait := start(t, "build", "--backend", cloud.URL, "-o", output, "--parallel", "1")
		for began := time.Now(); recorded(output) < kill; time.Sleep(time.Millisecond) {
			if time.Since(began) > patience {
				t.Fatalf("%d stacks were read, and not %d", recorded(output), kill)
			}
		}
		if err := command.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		equal(t, wait(), end{ExitCode: -1})
		cloud.Hang("acme/"+stack(kill), false)
	}
	equal(t, run(t, "build", "--backend", cloud.URL, "-o", output), end{Stderr: fmt.Sprintf(
		"%s: 40 tables of 40 stacks in %s (10 read, 30 unchanged, 0 failed)\n", output, cloud.URL)})
}

// recorded returns how many stacks are recorded beside an index.
func recorded(output string) int {
	text, _ := os.ReadFile(output + ".stacks") // not there yet is nothing yet
	return max(bytes.Count(text, []byte("\n"))-1, 0)
}
