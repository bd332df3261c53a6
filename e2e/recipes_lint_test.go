package e2e

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestRecipesLint holds the recipes to what their hosts take, and to what people who copy them rely on: nothing moves by itself, a job
// may do what it does and no more, and no value of a host is pasted into a script.
func TestRecipesLint(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "examples", "ci", "*"))
	if err != nil || len(files) != 5 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, complaint := range lint(t, filepath.Base(file), string(text)) {
			t.Errorf("%s: %s", filepath.Base(file), complaint)
		}
	}
}

// TestLint is what the lint is worth.
func TestLint(t *testing.T) {
	for _, c := range []struct{ file, old, changed, want string }{
		{"github-actions.yml", "    runs-on:", "    run-on:", "jobs.preview has a run-on"},
		{"github-actions.yml", "          sarif_file:", "          sarif:", "github/codeql-action/upload-sarif has no input sarif"},
		{"github-actions.yml", "!cancelled() && hashFiles('dynamoguard.sarif')", "!cancelled( && hashFiles('dynamoguard.sarif')", `"!cancelled( && hashFiles('dynamoguard.sarif') != ''" is no expression`},
		{"github-actions.yml", "github.event_name == 'pull_request'", "github.event_name = 'pull_request'", "is no expression"},
		{"github-actions.yml", "github.event_name == 'pull_request'", "git.event_name == 'pull_request'", "git.event_name is nothing that is known there"},
		{"github-actions.yml", "@${{ github.sha }}", "@${{ hash(github.sha) }}", "hash is no function that is known there"},
		{"github-actions.yml", "restore-keys: dynamoguard-${{ env.PULUMI_STACK }}", "restore-keys: dynamoguard-${{ env.STACK }}", "env.STACK is nothing that is known there"},
		{"github-actions.yml", "!cancelled() && hashFiles('dynamoguard.sarif')", "secrets.A != '' && hashFiles('dynamoguard.sarif')", "secrets.A is nothing that is known there"},
		{"github-actions.yml", "codeql-action/upload-sarif@cdf488f595d80d6e07e03d4674febd5ab45fa938 # v4.37.9", "codeql-action/upload-sarif@v4", "github/codeql-action/upload-sarif@v4 is not pinned by a commit with its version behind it"},
		{"github-actions.yml", "# v4.37.9", "", "is not pinned by a commit with its version behind it"},
		{"github-actions.yml", "permissions: {}", "permissions: write-all", "permissions is write-all"},
		{"github-actions.yml", "      contents: read", "      contents: write", "may map[actions:read contents:write"},
		{"github-actions.yml", "go-version: 1.26.8", "go-version: stable", "go-version stable moves"},
		{"github-actions.yml", `"$GUARD" preview --non`, `"$GUARD" ${{ github.head_ref }} --non`, "a script has an expression"},
		{"github-actions.yml", `if [ -n "$id" ]; then`, `if [ -n "$id" ]`, "exit status 2"},
		{"nightly-index.yml", "steps.build.outputs.complete", "steps.build.outputs.completed", "steps.build.outputs.completed is nothing that is known there"},
		{"nightly-index.yml", "steps.build.outputs.complete", "steps.builds.outputs.complete", "steps.builds.outputs.complete is nothing that is known there"},
		{"nightly-index.yml", "steps.go.outcome", "steps.go.result", "steps.go.result is nothing that is known there"},
		{"nightly-index.yml", "      issues: write", "      pull-requests: write", "may map[contents:read id-token:write pull-requests:write]"},
		{"gitlab-ci.yml", "    access: developer", "    acces: developer", "dynamoguard.artifacts has a acces"},
		{"gitlab-ci.yml", "pulumi:3.259.0", "pulumi:latest", "image pulumi/pulumi:latest moves"},
		{"azure-pipelines.yml", "    displayName: Build the pack", "    name-shown: Build the pack", "steps has a name-shown"},
		{"azure-pipelines.yml", "version: 1.26.8", `version: "1.26"`, "version 1.26 moves"},
		{"azure-pipelines.yml", "--version 3.259.0", "", "the script of get.pulumi.com installs what is newest"},
		{"gate.sh", `exec "`, `exec "$(`, "exit status 2"},
	} {
		text, err := os.ReadFile(filepath.Join("..", "examples", "ci", c.file))
		if err != nil {
			t.Fatal(err)
		}
		changed := strings.Replace(string(text), c.old, c.changed, 1)
		if got := lint(t, c.file, changed); changed == string(text) || !strings.Contains(strings.Join(got, "\n"), c.want) {
			t.Errorf("%s with %q: %q", c.file, c.changed, got)
		}
	}
}

// A form is what a value may be: a mapping with these keys, "*" being any, or a list of such; nil is a text, or a list of texts.
type form map[string]form

var texts = form{"*": nil}

var hosts = map[string]form{
	// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
	"github": {
		"name": nil, "on": {"pull_request": {"branches": nil}, "push": {"branches": nil}, "schedule": {"cron": nil}, "workflow_dispatch": nil},
		"permissions": texts, "concurrency": nil, "env": texts,
		"jobs": {"*": {
			"name": nil, "needs": nil, "if": nil, "runs-on": nil, "timeout-minutes": nil, "env": texts,
			"permissions": {"actions": nil, "contents": nil, "id-token": nil, "issues": nil, "pull-requests": nil, "security-events": nil},
			"steps":       {"id": nil, "name": nil, "if": nil, "uses": nil, "with": texts, "run": nil, "shell": nil, "env": texts, "timeout-minutes": nil},
		}},
	},
	// https://docs.gitlab.com/ci/yaml/
	"gitlab": {"*": {
		"image": nil, "rules": {"if": nil, "when": nil}, "variables": texts, "id_tokens": {"*": {"aud": nil}}, "before_script": nil, "script": nil,
		"artifacts": {"when": nil, "access": nil, "expire_in": nil, "paths": nil, "reports": {"codequality": nil, "junit": nil}},
	}},
	// https://learn.microsoft.com/en-us/azure/devops/pipelines/yaml-schema/
	"azure": {
		"trigger": nil, "pool": {"vmImage": nil}, "variables": texts,
		"resources": {"repositories": {"repository": nil, "type": nil, "name": nil, "ref": nil}},
		"steps": {
			"checkout": nil, "path": nil, "task": nil, "inputs": texts, "script": nil, "displayName": nil, "workingDirectory": nil, "condition": nil, "env": texts,
		},
	},
}

// inputs are those of actions that the recipes give, as their action.yml has them.
var inputs = map[string][]string{
	"actions/checkout":                      {"repository", "ref", "path", "token", "persist-credentials"},
	"actions/setup-go":                      {"go-version", "cache-dependency-path"},
	"actions/cache/restore":                 {"path", "key", "restore-keys"},
	"actions/cache/save":                    {"path", "key"},
	"aws-actions/configure-aws-credentials": {"role-to-assume", "aws-region"},
	"pulumi/actions":                        {"pulumi-version"},
	"github/codeql-action/upload-sarif":     {"sarif_file"},
}

// needs are what a job does that it needs a permission for.
var needs = map[string]map[string]string{
	"actions/checkout@": {"contents": "read"}, "role-to-assume:": {"id-token": "write"}, "gh issue ": {"issues": "write"},
	"/comments": {"pull-requests": "write"}, "upload-sarif@": {"security-events": "write", "actions": "read"},
}

var (
	pinned = regexp.MustCompile(`^[\w.-]+(?:/[\w.-]+)+@[0-9a-f]{40}$`)
	fixed  = regexp.MustCompile(`^v?\d+\.\d+\.\d+$`)
	pasted = regexp.MustCompile(`\$\{\{(.*?)\}\}`)
)

// A linter collects what is wrong with a recipe.
type linter struct {
	t          *testing.T
	text       string
	complaints []string
}

func (l *linter) complain(format string, args ...any) {
	l.complaints = append(l.complaints, fmt.Sprintf(format, args...))
}

// lint returns what is wrong with a recipe.
func lint(t *testing.T, file, text string) []string {
	t.Helper()
	l := &linter{t: t, text: text}
	if filepath.Ext(file) == ".sh" {
		l.shell("sh", text)
		return l.complaints
	}
	var root map[string]any
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		return []string{err.Error()}
	}
	switch {
	case root["jobs"] != nil:
		l.formed("", hosts["github"], root)
		l.github(root)
	case root["pool"] != nil:
		l.formed("", hosts["azure"], root)
		l.azure(root)
	default:
		l.formed("", hosts["gitlab"], root)
		l.gitlab(root)
	}
	return l.complaints
}

// formed holds a value to a form.
func (l *linter) formed(at string, f form, value any) {
	switch value := value.(type) {
	case []any:
		for _, v := range value {
			l.formed(at, f, v)
		}
	case map[string]any:
		for key, v := range value {
			of, ok := f[key]
			if !ok {
				of, ok = f["*"]
			}
			if !ok {
				l.complain("%s has a %s", cmp.Or(at, "it"), key)
				continue
			}
			l.formed(strings.TrimPrefix(at+"."+key, "."), of, v)
		}
	}
}

// shell has a shell read a script, which it does not run.
func (l *linter) shell(name, script string) {
	command := exec.CommandContext(l.t.Context(), name, "-n")
	command.Stdin = strings.NewReader(script)
	if output, err := command.CombinedOutput(); err != nil {
		l.complain("%s: %s%v", name, output, err)
	}
}

// versions holds what is installed to one version.
func (l *linter) versions(of map[string]any, keys ...string) {
	for _, key := range keys {
		if version := of[key]; version != nil && !fixed.MatchString(fmt.Sprint(version)) {
			l.complain("%s %v moves", key, version)
		}
	}
}

func (l *linter) github(root map[string]any) {
	if p, ok := root["permissions"].(map[string]any); !ok || len(p) > 0 {
		l.complain("permissions is %v, and each job has its own", root["permissions"])
	}
	for name, job := range mapping(root["jobs"]) {
		job := mapping(job)
		text, err := yaml.Marshal(job["steps"])
		if err != nil {
			l.complain("%v", err)
		}
		may, need := map[string]string{}, map[string]string{}
		for permission, level := range mapping(job["permissions"]) {
			may[permission] = fmt.Sprint(level)
		}
		for does, permissions := range needs {
			if strings.Contains(string(text), does) {
				maps.Copy(need, permissions)
			}
		}
		if !maps.Equal(may, need) {
			l.complain("job %s may %v, and needs %v", name, may, need)
		}
		s := scope{known: map[string]bool{}}
		for _, variables := range []any{root["env"], job["env"]} {
			for variable := range mapping(variables) {
				s.known["env."+variable] = true
			}
		}
		for _, other := range list(job["needs"]) {
			s.known["needs."+fmt.Sprint(other)] = true
		}
		l.expressions(job["env"], s)
		l.condition(job["if"], s)
		for _, step := range list(job["steps"]) {
			l.step(mapping(step), s)
		}
	}
}

// step holds a step to what was before it.
func (l *linter) step(step map[string]any, s scope) {
	with := mapping(step["with"])
	if uses, ok := step["uses"].(string); ok {
		action, _, _ := strings.Cut(uses, "@")
		if behind := regexp.MustCompile(regexp.QuoteMeta(uses) + ` # v\d+\.\d+\.\d+\s`); !pinned.MatchString(uses) || !behind.MatchString(l.text) {
			l.complain("%s is not pinned by a commit with its version behind it", uses)
		}
		for input := range with {
			if !slices.Contains(inputs[action], input) {
				l.complain("%s has no input %s", action, input)
			}
		}
	}
	l.versions(with, "go-version", "pulumi-version")
	if with["repository"] != nil {
		l.versions(with, "ref")
	}
	l.expressions(step["with"], s)
	l.expressions(step["env"], s)
	l.condition(step["if"], s)
	if run, ok := step["run"].(string); ok {
		if pasted.MatchString(run) {
			l.complain("a script has an expression: %s", pasted.FindString(run))
		}
		l.shell("bash", run)
	}
	if id, ok := step["id"].(string); ok {
		s.known["steps."+id+".outcome"], s.known["steps."+id+".conclusion"] = true, true
		for _, output := range regexp.MustCompile(`"(\w+)=\w+" >> "\$GITHUB_OUTPUT"`).FindAllStringSubmatch(fmt.Sprint(step["run"]), -1) {
			s.known["steps."+id+".outputs."+output[1]] = true
		}
	}
}

// expressions reads the expressions in the texts of a mapping.
func (l *linter) expressions(value any, s scope) {
	for _, v := range mapping(value) {
		for _, found := range pasted.FindAllStringSubmatch(fmt.Sprint(v), -1) {
			l.expression(found[1], s, false)
		}
	}
}

// condition reads an if, which is one expression.
func (l *linter) condition(value any, s scope) {
	if value == nil {
		return
	}
	text := strings.TrimSpace(fmt.Sprint(value))
	if inner, ok := strings.CutPrefix(text, "${{"); ok {
		text = strings.TrimSuffix(inner, "}}")
	}
	l.expression(text, s, true)
}

func (l *linter) expression(text string, s scope, condition bool) {
	text = strings.TrimSpace(text)
	e, ok := parse(text)
	if !ok {
		l.complain("%q is no expression", text)
		return
	}
	for _, name := range e.names {
		if !s.has(name, condition) {
			l.complain("%s is nothing that is known there", name)
		}
	}
	for _, function := range e.functions {
		known := []string{"hashFiles", "contains", "startsWith", "endsWith", "format", "join", "toJSON", "fromJSON"}
		if condition {
			known = append(known, "always", "cancelled", "failure", "success")
		}
		if !slices.Contains(known, function) {
			l.complain("%s is no function that is known there", function)
		}
	}
}

// A scope is what the expressions of a step may name.
type scope struct{ known map[string]bool } // env.NAME, needs.JOB, and of the steps before it steps.ID.outcome and the like

func (s scope) has(name string, condition bool) bool {
	context, rest, _ := strings.Cut(name, ".")
	switch context {
	case "github":
		return slices.Contains([]string{"event_name", "repository", "run_id", "server_url", "sha", "token"}, rest) || strings.HasPrefix(rest, "event.")
	case "secrets":
		return !condition && rest != ""
	default:
		return s.known[name]
	}
}

// An expression is one of GitHub Actions, of which only the names matter.
//
// Source: https://docs.github.com/en/actions/reference/workflows-and-actions/expressions
type expression struct {
	tokens           []string
	names, functions []string
}

var token = regexp.MustCompile(`^(?:'(?:[^']|'')*'|\d+(?:\.\d+)?|[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*)*|==|!=|<=|>=|&&|\|\||[!(),<>])`)

// parse reads an expression, and reports whether it is one.
func parse(text string) (*expression, bool) {
	e := &expression{}
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		found := token.FindString(text)
		if found == "" {
			return nil, false
		}
		e.tokens, text = append(e.tokens, found), text[len(found):]
	}
	return e, e.operands() && len(e.tokens) == 0
}

// take takes the next token where it is one of these.
func (e *expression) take(of ...string) bool {
	if len(e.tokens) == 0 || !slices.Contains(of, e.tokens[0]) {
		return false
	}
	e.tokens = e.tokens[1:]
	return true
}

// operands reads operands with operators between them.
func (e *expression) operands() bool {
	for {
		if !e.operand() {
			return false
		}
		if !e.take("&&", "||", "==", "!=", "<", "<=", ">", ">=") {
			return true
		}
	}
}

func (e *expression) operand() bool {
	for e.take("!") {
	}
	if e.take("(") {
		return e.operands() && e.take(")")
	}
	if len(e.tokens) == 0 || strings.ContainsAny(e.tokens[0][:1], "=!<>&|(),") {
		return false
	}
	name := e.tokens[0]
	e.tokens = e.tokens[1:]
	switch {
	case strings.ContainsAny(name[:1], "'0123456789"), name == "true", name == "false", name == "null":
		return true
	case !e.take("("):
		e.names = append(e.names, name)
		return true
	}
	e.functions = append(e.functions, name)
	for !e.take(")") {
		if !e.operands() || len(e.tokens) == 0 || e.tokens[0] != ")" && !e.take(",") {
			return false
		}
	}
	return true
}

func (l *linter) gitlab(root map[string]any) {
	for _, job := range root {
		job := mapping(job)
		image, version, _ := strings.Cut(fmt.Sprint(job["image"]), ":")
		if !fixed.MatchString(version) {
			l.complain("image %s:%s moves", image, version)
		}
		for _, key := range []string{"before_script", "script"} {
			for _, line := range list(job[key]) {
				l.shell("sh", fmt.Sprint(line))
			}
		}
	}
}

func (l *linter) azure(root map[string]any) {
	for _, step := range list(root["steps"]) {
		step := mapping(step)
		l.versions(mapping(step["inputs"]), "version")
		script, ok := step["script"].(string)
		if !ok {
			continue
		}
		if strings.Contains(script, "get.pulumi.com") && !regexp.MustCompile(`--version \d+\.\d+\.\d+`).MatchString(script) {
			l.complain("the script of get.pulumi.com installs what is newest")
		}
		l.shell("bash", script)
	}
}

func mapping(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

// list is a list, or a value that stands for a list of it.
func list(value any) []any {
	switch value := value.(type) {
	case nil:
		return nil
	case []any:
		return value
	default:
		return []any{value}
	}
}
