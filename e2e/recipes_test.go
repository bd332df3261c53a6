package e2e

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"dynamoguard/e2e/internal/harness"
)

// A recipe is one of examples/ci in a folder of a project, as CI has it.
type recipe struct {
	stack  *harness.Stack
	parsed any
	folder string
}

// newRecipe copies an example to where it runs: the pack is built, and what is not ours writes down how it was called.
func newRecipe(t *testing.T, file string) *recipe {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "examples", "ci", file))
	if err != nil {
		t.Fatal(err)
	}
	r := &recipe{stack: harness.NewYAML(t, documentPolicies, "testdata/half")}
	if r.parsed = string(text); filepath.Ext(file) == ".yml" {
		if err := yaml.Unmarshal(text, &r.parsed); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	r.folder = filepath.Join(r.stack.Sandbox().Dir(), "project")
	bin := filepath.Join(r.folder, ".dynamoguard", "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(harness.Pack(t), filepath.Join(bin, "pulumi-analyzer-dynamoguard")); err != nil {
		t.Fatal(err)
	}
	r.tool(t, "gh", `case "$*" in *--paginate*) printf %s "$COMMENT";; "issue list"*) printf %s "$ISSUE";; *) echo "$@" >> called;; esac; echo "$@" >> asked`)
	r.tool(t, "aws", `echo aws "$@" >> called; exit "${UPLOAD:-0}"`)
	return r
}

// tool puts a program of CI before those of the machine.
func (r *recipe) tool(t *testing.T, name, script string) {
	t.Helper()
	tools := filepath.Join(r.folder, ".tools")
	if err := os.MkdirAll(tools, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tools, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// run runs a script as CI does, and returns its exit code and what it wrote.
func (r *recipe) run(t *testing.T, script string, variables ...string) (int, string) {
	t.Helper()
	command := r.stack.Sandbox().Command(t.Context(), "sh", "-ec", `PATH="$PWD/.tools:$PATH"`+"\n"+script)
	command.Env = append(command.Env, "PULUMI_STACK=dev", "GUARD=.dynamoguard/bin/pulumi-analyzer-dynamoguard", "GITHUB_STEP_SUMMARY=summary.md",
		"GITHUB_OUTPUT=output", "GITHUB_REPOSITORY=acme/shop", "PULL_REQUEST=7", "BACKEND=s3://acme-state")
	command.Env = append(command.Env, variables...)
	output, _ := command.CombinedOutput()
	return command.ProcessState.ExitCode(), string(output)
}

// read returns a file of the project, empty where there is none.
func (r *recipe) read(name string) string {
	text, _ := os.ReadFile(filepath.Join(r.folder, filepath.FromSlash(name)))
	return string(text)
}

// only is the one script that holds a text.
func (r *recipe) only(t *testing.T, text string) string {
	t.Helper()
	found := scripts(r.parsed, text)
	if len(found) != 1 {
		t.Fatalf("%d scripts have %q: %q", len(found), text, found)
	}
	return found[0]
}

// marked is a comment on the stack of the recipes.
var marked = regexp.MustCompile(`^<!-- dynamoguard (\w+/)?shop/dev -->\n`)

// TestRecipes runs the recipes of examples/ci. The gate of each stops a stack that a plain preview passes, and its reports say why.
func TestRecipes(t *testing.T) {
	const violation = `"dynamodb:*" grants 57 DynamoDB actions`
	for file, reports := range map[string][]string{
		"github-actions.yml":  {"dynamoguard.sarif", "dynamoguard.md", "summary.md", "base.json"},
		"gitlab-ci.yml":       {"reports/preview/report.gitlab.json", "reports/preview/report.junit.xml"},
		"azure-pipelines.yml": {"reports/preview/report.junit.xml", "reports/preview/report.md"},
		"gate.sh":             {"reports/preview/report.json", "reports/preview/report.sarif"},
	} {
		r := newRecipe(t, file)
		if code, output := r.run(t, r.only(t, " preview ")); code == 0 || !strings.Contains(output, violation) {
			t.Errorf("%s: exit code %d:\n%s", file, code, output)
		}
		for _, script := range scripts(r.parsed, `"$GUARD" report `) {
			if code, output := r.run(t, script); code != 0 {
				t.Errorf("%s: exit code %d of the reports:\n%s", file, code, output)
			}
		}
		for _, name := range reports {
			text := r.read(name)
			switch filepath.Ext(name) {
			case ".xml":
				if err := xml.Unmarshal([]byte(text), new(struct{})); err != nil {
					t.Errorf("%s: %s: %v", file, name, err)
				}
			case ".md":
				if !marked.MatchString(text) {
					t.Errorf("%s: %s begins with %.40q", file, name, text)
				}
			default:
				if !json.Valid([]byte(text)) {
					t.Errorf("%s: %s is no JSON: %s", file, name, text)
				}
			}
			if !strings.Contains(text, "grants 57 DynamoDB actions") {
				t.Errorf("%s: %s does not say it:\n%s", file, name, text)
			}
			if r.named(name) == 0 && name != "summary.md" && filepath.Ext(file) == ".yml" {
				t.Errorf("%s does not name %s", file, name)
			}
		}
		if file == "github-actions.yml" {
			r.again(t)
		}
	}
}

// again reports once more, against the report of before: nothing is new.
func (r *recipe) again(t *testing.T) {
	code, output := r.run(t, r.only(t, "--format markdown"))
	if text := r.read("dynamoguard.md"); code != 0 || !strings.Contains(text, "**Blocked** by 1 mandatory finding that was known before; 0 new advisory, 1 known before") {
		t.Errorf("exit code %d: %s%s", code, output, text)
	}
}

// named is how often a recipe names a file.
func (r *recipe) named(file string) int { return len(scripts(r.parsed, file)) }

// TestComment writes one comment on each stack, and the same one the next time. That of somebody else is left alone, whatever it
// begins with.
func TestComment(t *testing.T) {
	r := newRecipe(t, "github-actions.yml")
	script := r.only(t, "gh api")
	if err := os.WriteFile(filepath.Join(r.folder, "dynamoguard.md"), []byte("<!-- dynamoguard shop/prod -->\n## DynamoGuard\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ comment, want string }{
		{"", "api --silent --method POST repos/acme/shop/issues/7/comments --field body=@dynamoguard.md\n"},
		{"COMMENT=42", "api --silent --method PATCH repos/acme/shop/issues/comments/42 --field body=@dynamoguard.md\n"},
	} {
		code, output := r.run(t, "rm -f called asked\n"+script, c.comment)
		if got := r.read("called"); code != 0 || got != c.want {
			t.Errorf("exit code %d, %s%s", code, got, output)
		}
		const query = `api --paginate repos/acme/shop/issues/7/comments --jq .[] | select(.user.login == "github-actions[bot]") ` +
			`| select(.body | startswith("<!-- dynamoguard shop/prod -->")) | .id`
		if got, _, _ := strings.Cut(strings.Join(strings.Fields(r.read("asked")), " "), " api --silent"); got != query {
			t.Errorf("asked was %s", got)
		}
	}
}

// TestNightlyIndex publishes what could be read, and opens an issue about the rest, or about the step that failed: without one the
// index of the night before went on in silence.
func TestNightlyIndex(t *testing.T) {
	r := newRecipe(t, "nightly-index.yml")
	build, upload, alert := r.only(t, "dynamoguard-index build"), r.only(t, "aws s3 cp"), r.only(t, "gh issue")
	if err := os.MkdirAll(filepath.Join(r.folder, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	const (
		well, broken = "exit 0", "echo 'acme/shop/prod: it is broken' >&2; exit 3"
		uploaded     = "aws s3 cp tables.json s3://acme-index/tables.json"
		unread       = "issue create --title dynamoguard-index: stacks could not be read --body-file alert.md"
	)
	for _, c := range []struct {
		name, indexer string
		variables     []string
		failed        string // the step, as the expression has it
		output        string
		called        []string
		alert         string
	}{
		{name: "complete", indexer: well, output: "complete=yes\n", called: []string{uploaded}},
		{name: "not complete", indexer: broken, output: "complete=no\n", called: []string{uploaded, unread}, alert: "acme/shop/prod: it is broken\n"},
		{
			name: "again", indexer: broken, variables: []string{"ISSUE=9"}, output: "complete=no\n",
			called: []string{uploaded, "issue comment 9 --body-file alert.md"}, alert: "acme/shop/prod: it is broken\n",
		},
		{
			name: "nothing", indexer: "echo 'the list of stacks cannot be had' >&2; exit 1", failed: "the build of the index",
			called: []string{"issue create --title dynamoguard-index: the build of the index failed --body-file alert.md"},
			alert:  "the list of stacks cannot be had\n",
		},
		{
			name: "not uploaded", indexer: well, variables: []string{"UPLOAD=1"}, failed: "the upload", output: "complete=yes\n",
			called: []string{uploaded, "issue create --title dynamoguard-index: the upload failed --body-file alert.md"},
		},
		{
			name: "no login", failed: "the login to AWS",
			called: []string{"issue create --title dynamoguard-index: the login to AWS failed --body-file alert.md"},
		},
	} {
		for _, name := range []string{"called", "asked", "output", "unread.txt", "alert.md"} {
			_ = os.Remove(filepath.Join(r.folder, name))
		}
		variables := append([]string{"FAILED=" + c.failed, "RUN=https://github.com/acme/dynamoguard/actions/runs/1"}, c.variables...)
		failed := c.indexer == ""
		for _, step := range []string{build, upload} {
			if failed {
				break
			}
			if err := os.WriteFile(filepath.Join(r.folder, "bin", "dynamoguard-index"), []byte("#!/bin/sh\n"+c.indexer+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			code, _ := r.run(t, step, variables...)
			failed = code != 0
		}
		if got := r.read("output"); failed != (c.failed != "") || got != c.output {
			t.Errorf("%s: it failed: %v, %q", c.name, failed, got)
		}
		if failed || c.output == "complete=no\n" { // as the step has it
			if code, output := r.run(t, alert, variables...); code != 0 {
				t.Errorf("%s: exit code %d of the alert: %s", c.name, code, output)
			}
			want := "https://github.com/acme/dynamoguard/actions/runs/1, of s3://acme-state:\n\n~~~\n" + c.alert + "~~~\n"
			if got := r.read("alert.md"); got != want {
				t.Errorf("%s: the alert is\n%s", c.name, got)
			}
		}
		if called := strings.Split(strings.TrimSpace(r.read("called")), "\n"); !slices.Equal(called, c.called) {
			t.Errorf("%s: called were %q", c.name, called)
		}
	}
}

// scripts returns the texts of a YAML value that hold a text.
func scripts(value any, text string) (all []string) {
	switch value := value.(type) {
	case string:
		if strings.Contains(value, text) {
			all = append(all, value)
		}
	case []any:
		for _, v := range value {
			all = append(all, scripts(v, text)...)
		}
	case map[string]any:
		for _, v := range value {
			all = append(all, scripts(v, text)...)
		}
	}
	return all
}
