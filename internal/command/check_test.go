package command

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"dynamoguard/internal/report"
)

// checked is what a call of check comes to.
type checked struct {
	code           int
	stdout, stderr string
}

// check calls the command, with a text on standard input.
func (p program) check(t *testing.T, stdin string, args ...string) checked {
	t.Helper()
	return called(t, checkCommand(p), stdin, args)
}

// called is what a command comes to, with a text on standard input.
func called(t *testing.T, command *cobra.Command, stdin string, args []string) checked {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command.SetIn(strings.NewReader(stdin))
	command.SetOut(&stdout)
	command.SetErr(&stderr)
	command.SetArgs(append([]string{}, args...)) // nil would be those of the test
	command.SilenceUsage, command.SilenceErrors = true, true
	code := end(command.ExecuteContext(t.Context()), &stderr, "")
	return checked{code, stdout.String(), stderr.String()}
}

// states copies the states that everybody has to the folder of a program.
func (p program) states(t *testing.T) {
	t.Helper()
	if err := os.CopyFS("states", os.DirFS(filepath.Join(testdata, "..", "..", "..", "testdata", "states"))); err != nil {
		t.Fatal(err)
	}
}

// stateOf is an exported state with a table, of which an input may be given.
func stateOf(project, stack, table string, inputs ...string) string {
	urn := func(typ, name string) string {
		return "urn:pulumi:" + stack + "::" + project + "::" + typ + "::" + name
	}
	given := strings.Join(append([]string{`"name":"` + table + `"`}, inputs...), ",")
	return `{"version":3,"deployment":{"resources":[{"urn":"` + urn("pulumi:pulumi:Stack", project+"-"+stack) + `","type":"pulumi:pulumi:Stack"},` +
		`{"urn":"` + urn("pulumi:providers:aws", "p") + `","type":"pulumi:providers:aws","id":"i","inputs":{"region":"eu-west-1"}},` +
		`{"urn":"` + urn("aws:dynamodb/table:Table", "t") + `","type":"aws:dynamodb/table:Table","id":"` + table + `","provider":"` +
		urn("pulumi:providers:aws", "p") + `::i","inputs":{` + given + `},"outputs":{` + given + `,"arn":"arn:aws:dynamodb:eu-west-1:111122223333:table/` + table + `"},"sourcePosition":"project:///index.ts#7"}]}}`
}

const (
	encrypted = `"serverSideEncryption":{"enabled":true}`
	recovered = `"pointInTimeRecovery":{"enabled":true}`
	good      = encrypted + "," + recovered + `,"deletionProtectionEnabled":true,"billingMode":"PAY_PER_REQUEST"`
)

// TestCheckStates judges the states that a fresh clone has, together. The golden files are all that a person sees.
func TestCheckStates(t *testing.T) {
	p := aProgram(t, nil)
	p.states(t)
	for golden, args := range map[string][]string{
		"check-states.txt": {"states"},
		"check-one.txt":    {"states/shop/dev.json"},
	} {
		got := p.check(t, "", args...)
		compare(t, golden, p.elsewhere(got.stdout))
		if got.code != 1 || got.stderr != "" {
			t.Errorf("%s: exit code %d: %s", args, got.code, got.stderr)
		}
	}
}

// TestCheckInputs reads a state in every form that there is, from wherever it may lie.
func TestCheckInputs(t *testing.T) {
	export := stateOf("shop", "prod", "orders", good)
	checkpoint := `{"version":3,"checkpoint":{"stack":"organization/shop/prod","latest":` +
		strings.TrimSuffix(strings.TrimPrefix(export, `{"version":3,"deployment":`), "}") + `}}`
	files := map[string]string{
		"export.json": export, "checkpoint.json": checkpoint, "compressed.json.gz": compressed(export), "compressed": compressed(checkpoint),
		"windows.json":       string([]byte{0xff, 0xfe}) + string(utf16LE(export)),
		"folder/a/prod.json": export, "folder/.git/config.json": "{}", "folder/README.md": "",
		"backend/.pulumi/meta.yaml": "version: 1", "backend/.pulumi/stacks/shop/prod.json": checkpoint, "backend/.pulumi/stacks/shop/prod.json.bak": "{",
		"backend/.pulumi/history/shop/prod/prod-1.checkpoint.json": checkpoint,
	}
	p := aProgram(t, files)
	for _, arg := range []string{
		"export.json", "checkpoint.json", "compressed.json.gz", "compressed", "windows.json", "folder", "backend", "backend/.pulumi", "file://" + filepath.ToSlash(p.system.Folder) + "/backend", "-",
	} {
		got := p.check(t, export, arg)
		lines := strings.Split(got.stdout, "\n")
		if got.code != 0 || got.stderr != "" || !strings.HasPrefix(lines[0], "shop/prod (prod, 3 resources, ") || lines[1] != "  nothing was found" {
			t.Errorf("%s: exit code %d: %s%s", arg, got.code, got.stdout, got.stderr)
		}
	}
	both := p.check(t, compressed(stateOf("shop", "dev", "orders", good)), "export.json", "-")
	if both.code != 1 || strings.Count(both.stdout, `the table name "orders" is taken in account 111122223333`) != 2 {
		t.Errorf("two stacks with one table: exit code %d: %s%s", both.code, both.stdout, both.stderr)
	}
}

func compressed(s string) string {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.WriteString(z, s)
	_ = z.Close()
	return b.String()
}

func utf16LE(s string) (text []byte) {
	for _, unit := range utf16.Encode([]rune(s)) {
		text = append(text, byte(unit), byte(unit>>8))
	}
	return text
}

// TestCheckBadInput: whatever cannot be judged is said, by its name, and ends with 2; nothing is written.
func TestCheckBadInput(t *testing.T) {
	export := stateOf("shop", "prod", "orders", good)
	p := aProgram(t, map[string]string{
		"text.json": "Resources:\n", "torn.json": export[:len(export)-40], "terraform.json": `{"version":4,"terraform_version":"1.9.0","resources":[]}`,
		"newer.json": `{"version":9,"deployment":{}}`, "blank.json": "", "array.json": "[]", "torn.json.gz": compressed(export)[:60],
		"zstandard.json": "\x28\xb5\x2f\xfd rest", "urn.json": strings.Replace(export, "urn:pulumi:prod::shop::aws", "orders::aws", 1),
		"empty/README.md": "", "backend/.pulumi/stacks/meta": "", "good.json": export, "again.json": export, "config.json": `{"all":"loud"}`,
	})
	if err := os.Symlink("again.json", "link"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"", "name what to check: a file, a folder, a file:// backend, or - for standard input"},
		{"missing.json", "missing.json: no such file or directory"},
		{"text.json", "text.json: not a state: byte 0 is 'R', not the start of an object"},
		{"torn.json", fmt.Sprintf("torn.json: not a state: it ends after %d bytes, in the middle", len(export)-40)},
		{"terraform.json", "terraform.json: not a state: it has neither a checkpoint nor a deployment"},
		{"newer.json", "newer.json: not a state: version 9 is newer than 4, the newest this version of dynamoguard reads; update it"},
		{"blank.json", "blank.json: it is empty"},
		{"array.json", "array.json: not a state: byte 0 is '[', not the start of an object"},
		{"torn.json.gz", "torn.json.gz: it is compressed, and ends in the middle"},
		{"large.json", "large.json: is larger than 256 MB"},
		{"zstandard.json", "zstandard.json: it is compressed with Zstandard, which is not read; decompress it, or let pulumi stack export write it"},
		{"urn.json", `urn.json: not a state: it has a resource with the URN "orders::aws:dynamodb/table:Table::t", which is none`},
		{"empty", "empty has no states: no file in it ends in .json or .json.gz"},
		{"backend", "the backend has no stacks"},
		{"file://" + p.system.Folder + "/backend", "file://" + p.system.Folder + "/backend: the backend has no stacks"},
		{"s3://states", "s3://states: of the backends only file:// is read; let pulumi stack export write the states of another one"},
		{"good.json good.json", "good.json is named twice"},
		{"good.json --format pdf", `--format "pdf" is not one of text, json, sarif, junit, gitlab, markdown, html`},
		{"good.json --fail-on high", `--fail-on "high" is not one of mandatory, advisory, unknown, none`},
		{"good.json --fail-on none,unknown", `--fail-on none stands alone, and there is none, unknown as well`},
		{"good.json --loud", "unknown flag: --loud"},
		{"good.json --format text --format json", "--format text and --format json both go to standard output; name an --output for each"},
		{"good.json --output a.json", "there are 0 --format and 1 --output: each --output has a --format of its own"},
		{"good.json --format json --output a --format text --output a", "--output a is there twice"},
		{"good.json --format json --output again.json --format text --output link", "--output again.json and --output link are one file"},
		{"good.json --config config.json", `config.json: all "loud" is not one of advisory, mandatory, remediate, disabled`},
		{"good.json --format json --output missing/a.json", "the json report could not be written to missing/a.json: no such file or directory"},
		{"good.json --format json --output empty", "the json report could not be written to empty: is a folder"},
	} {
		if c.args == "large.json" {
			if err := os.WriteFile(c.args, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(c.args, 300<<20); err != nil {
				t.Fatal(err)
			}
		}
		args := strings.Fields(c.args)
		if len(args) == 1 {
			args = append(args, "--format", "json", "--output", "report.json")
		}
		got := p.check(t, "", args...)
		if want := "dynamoguard: " + c.want + "\n"; got.code != 2 || got.stdout != "" || got.stderr != want {
			t.Errorf("%s: exit code %d: %s%s\nwant %s", c.args, got.code, got.stdout, got.stderr, want)
		}
		if left, err := filepath.Glob("*report*"); len(left) > 0 || err != nil {
			t.Errorf("%s: %v is left, %v", c.args, left, err)
		}
	}
}

// TestBomb: a small file that holds a large state is refused without that in memory.
func TestBomb(t *testing.T) {
	p := aProgram(t, nil)
	file, err := os.Create("bomb.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	z := gzip.NewWriter(file)
	_, _ = io.WriteString(z, `{"version":3,`)
	blank := bytes.Repeat([]byte(" "), 1<<20)
	for range 257 {
		_, _ = z.Write(blank)
	}
	_, _ = io.WriteString(z, `"deployment":{}}`)
	if err := errors.Join(z.Close(), file.Close()); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := p.check(t, "", "bomb.json.gz")
	runtime.ReadMemStats(&after)
	if want := "dynamoguard: bomb.json.gz: it is larger than 256 MB\n"; got.code != 2 || got.stdout != "" || got.stderr != want {
		t.Errorf("exit code %d: %s%s", got.code, got.stdout, got.stderr)
	}
	if n := (after.TotalAlloc - before.TotalAlloc) >> 20; n > 16 {
		t.Errorf("%d MB were allocated", n)
	}
}

// TestCheckExitCodes: 0 where nothing is found that counts, 1 where something is, and 2 beats both.
func TestCheckExitCodes(t *testing.T) {
	document := func(policy string) string {
		return `{"version":3,"deployment":{"resources":[{"urn":"urn:pulumi:dev::shop::aws:iam/policy:Policy::p","type":"aws:iam/policy:Policy","inputs":{"policy":` + policy + `}}]}}`
	}
	p := aProgram(t, map[string]string{
		"good.json": stateOf("shop", "good", "orders", good), "mandatory.json": stateOf("shop", "mandatory", "orders-prod", encrypted),
		"advisory.json": stateOf("shop", "advisory", "carts", encrypted, recovered, `"billingMode":"PAY_PER_REQUEST"`),
		"secret.json":   document(`{"4dabf18193072939515e22adb298388d":"1b47061264138c4ac30d75fd1eb44270","ciphertext":"v1:a:b"}`),
		"empty.json":    `{"version":3,"deployment":{"resources":[]}}`, "never.json": `{"version":3,"deployment":null}`, "broken.json": "{",
		"exempt.json": `{"table-point-in-time-recovery":{"exemptions":[{"resource":"t","reason":"moves","owner":"platform","expires":"2026-11-27"}]}}`,
		"excepted.json": `{"version":2,"exceptions":{"EXC-7":{"reason":"moves","match":[{"policies":["table-point-in-time-recovery"],
"targets":["urn:pulumi:mandatory::shop::aws:dynamodb/table:Table::t"]}]}}}`,
		"disabled.json": `{"all":"disabled"}`, "strict.json": `{"iam-document":{"unknown":"mandatory"}}`,
	})
	for _, c := range []struct {
		args string
		code int
		said string // among all that is said
	}{
		{"good.json", 0, "nothing was found"},
		{"good.json --fail-on advisory,unknown", 0, ""},
		{"mandatory.json", 1, "1 mandatory finding, 2 advisory"},
		{"mandatory.json --fail-on none", 0, "1 mandatory finding, 2 advisory"},
		{"mandatory.json --config exempt.json", 0, "  exempt until 2026-11-27 (moves, owner platform)  table-point-in-time-recovery  aws:dynamodb:Table \"t\"  index.ts:7: "},
		{"mandatory.json --config excepted.json", 0, "  exempt by EXC-7 (moves)  table-point-in-time-recovery  aws:dynamodb:Table \"t\"  index.ts:7: "},
		{"mandatory.json --config disabled.json", 0, "1 stack, 3 resources, 0 policies\n0 mandatory findings, 0 advisory\n"},
		{"advisory.json", 0, "0 mandatory findings, 1 advisory"},
		{"advisory.json --fail-on advisory", 1, ""},
		{"advisory.json --fail-on unknown", 0, ""},
		{"secret.json", 0, "unknown  aws:iam:Policy \"p\"\n    policy not known yet\n    by iam-document, "},
		{"secret.json --fail-on unknown", 1, ""},
		{"secret.json --config strict.json", 1, "policy is not known, so what it grants could not be judged"},
		{"empty.json", 0, "empty.json\n  it has no resources; nothing to judge\n"},
		{"never.json", 0, "never.json\n  it has no resources; nothing to judge\n"},
		{"good.json broken.json", 2, "dynamoguard: not judged: broken.json: not a state: it ends after 1 bytes, in the middle\n"},
		{"mandatory.json broken.json", 2, "Not read\n  broken.json: not a state: it ends after 1 bytes, in the middle\n"},
		{"mandatory.json broken.json --fail-on none", 2, ""},
		{"good.json -", 2, "dynamoguard: not judged: standard input: it is a state of shop/good, as good.json is; name one of them\n"},
	} {
		got := p.check(t, stateOf("shop", "good", "orders", good), strings.Fields(c.args)...)
		if got.code != c.code || !strings.Contains(got.stdout+got.stderr, c.said) {
			t.Errorf("%s: exit code %d: %s%s\nwant %d: %s", c.args, got.code, got.stdout, got.stderr, c.code, c.said)
		}
	}
}

// TestCheckOutputs writes several formats at once, each to its place, and what stood there before stays where one fails.
func TestCheckOutputs(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": stateOf("shop", "prod", "orders", encrypted), "old.json": "old"})
	if err := os.Symlink("old.json", "link.json"); err != nil {
		t.Fatal(err)
	}
	text := p.check(t, "", "state.json").stdout
	encoded := p.check(t, "", "state.json", "--format", "json").stdout
	if !json.Valid([]byte(encoded)) || !strings.HasPrefix(encoded, "{\n  \"schemaVersion\": 1,\n") {
		t.Errorf("as JSON: %s", encoded)
	}
	for _, c := range []struct {
		args   string
		code   int
		stdout string
		files  map[string]string
	}{
		{"--format json --output new.json", 1, text, map[string]string{"new.json": encoded}},
		{"--format text --format json --output log.txt", 1, encoded, map[string]string{"log.txt": text}},
		{"--format text --output - --format json --output link.json", 1, text, map[string]string{"old.json": encoded}},
		{"--format json --output kept.json --format text --output missing/log.txt", 2, "", map[string]string{"kept.json": "kept"}},
	} {
		if err := os.WriteFile("kept.json", []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		got := p.check(t, "", append([]string{"state.json"}, strings.Fields(c.args)...)...)
		if got.code != c.code || got.stdout != c.stdout {
			t.Errorf("%s: exit code %d: %s%s", c.args, got.code, got.stdout, got.stderr)
		}
		for name, want := range c.files {
			content, err := os.ReadFile(name)
			if string(content) != want || err != nil {
				t.Errorf("%s: %s is %s, %v", c.args, name, content, err)
			}
		}
	}
	if info, err := os.Lstat("link.json"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v", err)
	}
	if left, err := filepath.Glob(".dynamoguard*"); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

// TestCheckStandardOutput: where that takes nothing, the files are not written either.
func TestCheckStandardOutput(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": stateOf("shop", "prod", "orders", good)})
	command := checkCommand(p)
	command.SetOut(full{})
	command.SetArgs([]string{"state.json", "--format", "json", "--output", "report.json"})
	command.SilenceUsage, command.SilenceErrors = true, true
	var stderr bytes.Buffer
	code := end(command.ExecuteContext(t.Context()), &stderr, "")
	if want := "dynamoguard: the text report could not be written to standard output: no space left on device\n"; code != 2 || stderr.String() != want {
		t.Errorf("exit code %d: %s", code, stderr.String())
	}
	if left, err := filepath.Glob("*report*"); len(left) > 0 || err != nil {
		t.Errorf("%v is left, %v", left, err)
	}
}

// full is a disk that is.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

// TestCheckMessages: what check tells of a state is what the CLI shows, at the resources at which it does, and its exceptions hold there.
func TestCheckMessages(t *testing.T) {
	p := aProgram(t, map[string]string{
		"state.json": stateOf("shop", "prod", "orders", encrypted),
		"config.json": `{"version":2,"policies":{"all":"disabled","table-encryption":"mandatory","table-point-in-time-recovery":"mandatory","dynamoguard":"advisory"},
"exceptions":{"EXC-7":{"reason":"moves","match":[{"policies":["table-point-in-time-recovery"],"targets":["urn:pulumi:prod::shop::aws:dynamodb/table:Table::t"]}]}}}`,
	})
	got := p.check(t, "", "state.json", "--config", "config.json", "--format", "json")
	var r report.Report
	if err := json.Unmarshal([]byte(got.stdout), &r); err != nil {
		t.Fatal(err)
	}
	const table, root = "urn:pulumi:prod::shop::aws:dynamodb/table:Table::t", "urn:pulumi:prod::shop::pulumi:pulumi:Stack::shop-prod"
	excepted := []report.Exception{{ID: "EXC-7", Reason: "moves"}}
	notice := func(text string) report.Message {
		return report.Message{Policy: "dynamoguard", Severity: "low", Level: "advisory", Stack: "shop/prod", URN: root, Text: text + " (configuration " + r.Configuration + ")"}
	}
	want := []report.Message{
		{
			Policy: "table-point-in-time-recovery", Severity: "high", Level: "mandatory", Stack: "shop/prod", URN: table, Exceptions: excepted,
			Text: "pointInTimeRecovery is not set: the table cannot be restored to a point in time; set pointInTimeRecovery.enabled to true. SOC 2: A1.2, CC7.4, CC7.5",
		},
		notice("the run does not say which stack it is of, as `pulumi policy analyze` never does: without an organization Pulumi Cloud was not " +
			"asked for tables of other stacks, and nothing was concluded from the stack's own state before the run"),
	}
	r.Messages = slices.DeleteFunc(r.Messages, func(m report.Message) bool { return strings.Contains(m.Text, "the backend of the stack was not found") })
	if diff := cmp.Diff(want, r.Messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if len(r.Findings) != 1 || r.Findings[0].Outcome != report.Exempt || !slices.Equal(r.Findings[0].Exceptions, excepted) || got.code != 0 {
		t.Errorf("exit code %d: %+v", got.code, r.Findings)
	}
}
