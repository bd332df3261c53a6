package harness

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"

	"dynamoguard/e2e/internal/sandbox"
)

// Node is a stack of a program in JavaScript, which Node runs inline through its Automation API.
type Node struct {
	*Stack
	command []string // of the program, with its arguments
}

// NewNode returns an empty stack of what a script that prints as node/preview.mjs does runs, given its arguments.
func NewNode(t testing.TB, about About, script string, args []string, options ...Option) *Node {
	t.Helper()
	script, err := filepath.Abs(script)
	if err != nil {
		t.Fatal(err)
	}
	s := newStack(t, about, options, func(*sandbox.Sandbox) (auto.Stack, error) { return auto.Stack{}, nil })
	return &Node{s, append([]string{"node", script}, args...)}
}

// Exists has the stand-in provider find a resource that no run created.
func (s *Stack) Exists(o sandbox.Operation) {
	s.t.Helper()
	if err := s.sandbox.Exists(o); err != nil {
		s.t.Fatal(err)
	}
	s.operations() // it is no result
}

// Seen is what the caller of the Automation API of Node gets to see of a preview.
type Seen struct {
	Result
	Summary map[string]int // changeSummary: operations, counted
	Told    []string       // the lines of dynamoguard on stderr
	Stdout  string         // of the preview that passed
	Shown   string         // all that onOutput was called with
	Runs    int            // how many runs the events tell of
}

// Plain runs `pulumi preview` with the pack, as a program does that names it.
func (n *Node) Plain() Seen {
	n.t.Helper()
	return n.preview(n.command, "POLICY_PACK="+n.tools.Pack, "POLICY_PACK_CONFIG="+n.file)
}

// Foresee runs the same by `dynamoguard exec`.
func (n *Node) Foresee() Seen {
	n.t.Helper()
	return n.preview(append([]string{n.binary, "exec", "--dynamoguard-config", n.file, "--"}, n.command...))
}

// exitCode matches what the Automation API says of a CLI that failed.
var exitCode = regexp.MustCompile(`Command failed with exit code (\d+):`)

func (n *Node) preview(args []string, env ...string) Seen {
	n.t.Helper()
	command := n.sandbox.Command(n.t.Context(), args[0], args[1:]...)
	command.Env = append(command.Env, env...)
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Run(); err != nil {
		n.t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	var told struct {
		Events                         []apitype.EngineEvent
		Output, Error, Stdout, Failure string
		Summary                        map[string]int
	}
	if err := json.Unmarshal(stdout.Bytes(), &told); err != nil {
		n.t.Fatalf("%s printed no line of JSON: %v\n%s%s", strings.Join(args, " "), err, &stdout, &stderr)
	}
	n.sandbox.ExitCode, n.sandbox.Stderr = 0, told.Error+stderr.String()
	if told.Failure != "" {
		n.sandbox.ExitCode = -1
		if code := exitCode.FindStringSubmatch(told.Failure); code != nil {
			n.sandbox.ExitCode, _ = strconv.Atoi(code[1]) // digits
		}
	}
	seen := Seen{
		Result:  n.result(stdout.String()+stderr.String(), told.Events),
		Summary: told.Summary, Stdout: told.Stdout, Shown: told.Output,
	}
	for _, event := range told.Events {
		if event.PreludeEvent != nil {
			seen.Runs++
		}
	}
	for line := range strings.Lines(seen.Stderr) {
		if strings.HasPrefix(line, "dynamoguard: ") {
			seen.Told = append(seen.Told, strings.TrimSpace(line))
		}
	}
	return seen
}
