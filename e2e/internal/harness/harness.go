// Package harness runs Pulumi programs against the policy pack with the real
// CLI, and gives tests what came of it as lines they can compare whole.
package harness

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/blang/semver"
	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi/sdk/v3/go/auto"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/events"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optpreview"
	"github.com/pulumi/pulumi/sdk/v3/go/auto/optup"
	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/sandbox"
	"dynamoguard/e2e/internal/toolchain"
	"dynamoguard/internal/compile"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/staging"
	"dynamoguard/policies"
)

// Project and StackName name every stack of the tests.
const (
	Project   = "shop"
	StackName = "dev"
)

// folder holds what the test binary builds; [Main] owns it.
var folder string

// Main runs the tests of a package, and removes what they built. It returns
// the exit code.
func Main(m *testing.M) (code int) {
	dir, err := os.MkdirTemp("", "dynamoguard-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	folder = dir
	return m.Run()
}

// engine names another CLI for the cases that do not ask for a line of it.
var engine = flag.String("engine", "", "run the cases with the CLI that the module in a `folder` names, such as engines/v3.200")

// OneEngine reports whether all cases are to run with one CLI, by the flag -engine.
func OneEngine() bool { return *engine != "" }

// takesFiles is the first version of the CLI that takes the pack's binary for --policy-pack. Older ones take a folder, and so nothing
// of `dynamoguard preview`, which gives its own binary to the CLI; and their `pulumi policy analyze`, where there is one, knows no --file.
var takesFiles = semver.MustParse("3.255.0")

// What the test binary builds, each at its first use.
var (
	tools = sync.OnceValues(func() (toolchain.Tools, error) {
		var cli toolchain.CLI // the oldest line
		if *engine != "" {
			var err error
			if cli, err = toolchain.BuildCLI(context.Background(), toolchain.Line(*engine), io.Discard); err != nil {
				return toolchain.Tools{}, err
			}
		}
		return toolchain.Build(context.Background(), cli, folder, io.Discard)
	})
	packFolder = sync.OnceValues(func() (string, error) {
		dir := filepath.Join(folder, "folder", "pulumi-analyzer-dynamoguard") // messages name it by the last
		pack := staging.Pack{Root: "..", Dirty: true}
		return dir, pack.Binary(context.Background(), dir, []compile.Platform{{OS: runtime.GOOS, Arch: runtime.GOARCH}})
	})
	newest = sync.OnceValues(func() (toolchain.CLI, error) {
		return toolchain.BuildCLI(context.Background(), toolchain.Newest, io.Discard)
	})
	yamlHost = sync.OnceValues(func() (toolchain.Plugin, error) {
		return toolchain.BuildYAMLHost(context.Background(), io.Discard)
	})
)

// built returns what a build came to, and ends the test where it failed.
func built[T any](t testing.TB, build func() (T, error)) T {
	t.Helper()
	result, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// Tools returns the oldest line of the CLI, the pack and the providers.
func Tools(t testing.TB) toolchain.Tools {
	t.Helper()
	return built(t, tools)
}

// Pack returns the path of the built pack, without the other tools.
func Pack(t testing.TB) string {
	t.Helper()
	file := filepath.Join(tempDir(t), "pulumi-analyzer-dynamoguard")
	if err := toolchain.BuildPack(t.Context(), file, io.Discard); err != nil {
		t.Fatal(err)
	}
	return file
}

// Eject returns the path of the built command that writes programs in YAML in
// other languages.
func Eject(t testing.TB) string {
	t.Helper()
	file := filepath.Join(tempDir(t), "eject")
	if err := toolchain.BuildEject(t.Context(), file, io.Discard); err != nil {
		t.Fatal(err)
	}
	return file
}

// Command returns the path of the built command of an import path within the
// module dynamoguard/e2e.
func Command(t testing.TB, importPath string) string {
	t.Helper()
	file := filepath.Join(tempDir(t), filepath.Base(importPath))
	if err := toolchain.BuildPackage(t.Context(), importPath, file, io.Discard); err != nil {
		t.Fatal(err)
	}
	return file
}

// tempDir returns a new folder, whose path holds nothing of the test's name:
// the CLI takes a comma in a path for the end of it.
func tempDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp(folder, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// About names the policies that a case is about. In its runs all others are
// disabled but dynamoguard itself, whose notices name policies: a policy that is
// added, or that learns to report more, changes nothing in a case that is not
// about it.
type About []string

// Others returns the policies that a run about these has disabled.
func (a About) Others(t testing.TB) []string {
	t.Helper()
	var all []string
	for _, p := range policies.All() {
		all = append(all, p.Name)
	}
	for _, name := range a {
		if !slices.Contains(all, name) {
			t.Fatalf("the case is about %q, which is no policy", name)
		}
	}
	return slices.DeleteFunc(all, func(name string) bool { return name == policy.PackPolicy || slices.Contains(a, name) })
}

// Stack is a stack in a sandbox of its own.
type Stack struct {
	t       testing.TB
	tools   toolchain.Tools // whose Pack is what --policy-pack is given
	binary  string          // of the pack
	sandbox *sandbox.Sandbox
	stack   auto.Stack
	config  map[string]json.RawMessage // of the pack, by policy
	excepts json.RawMessage            // exceptions of Pulumi's own; nil where the file has the form that knows none
	file    string                     // that holds config
	env     []string                   // further variables of the CLI
	seen    int                        // operations of the provider that earlier results told
}

// Option adjusts a stack before its first run.
type Option func(*Stack)

// PackConfig is the JSON given to --policy-pack-config. What it says of a policy
// goes before what [About] says.
func PackConfig(config string) Option {
	return func(s *Stack) {
		if err := json.Unmarshal([]byte(config), &s.config); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Version2 gives the configuration the form that has exceptions of Pulumi's own,
// with those. Only the newest line of the CLI reads it.
func Version2(exceptions string) Option {
	return func(s *Stack) { s.excepts = json.RawMessage(exceptions) }
}

// Oldest runs the stack with the oldest line of the CLI, as all are that do not
// ask for another.
func Oldest(s *Stack) { s.tools.CLI = Tools(s.t).CLI }

// Newest runs the stack with the newest line of the CLI.
func Newest(s *Stack) { s.tools.CLI = built(s.t, newest) }

// Packed runs the stack with another file of the pack than the one that is built for the tests.
func Packed(file string) Option {
	return func(s *Stack) { s.tools.Pack, s.binary = file, file }
}

// Folder has the stack governed by the pack in a folder, as `pulumi policy
// publish` sends it, in the place of the binary. The stand-in for the language
// host of Go compiles it, with the caches of this machine.
func Folder(folder string) Option {
	return func(s *Stack) {
		s.t.Helper()
		s.tools.Pack = folder
		GoHost(s)
	}
}

// GoHost installs the stand-in for the language host of Go. The go command that
// it runs has the caches of this machine, not those of an empty home.
func GoHost(s *Stack) {
	s.t.Helper()
	host, err := toolchain.BuildGoHost(s.t.Context(), filepath.Join(tempDir(s.t), "gohost"), s.tools.CLI.Version, io.Discard)
	if err != nil {
		s.t.Fatal(err)
	}
	s.tools.Plugins = append(slices.Clone(s.tools.Plugins), host)
	caches, err := toolchain.Caches(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	s.env = append(s.env, caches...)
}

// Environment gives the CLI further variables, each as "NAME=value". The last of
// one name counts.
func Environment(variables ...string) Option {
	return func(s *Stack) { s.env = append(s.env, variables...) }
}

// Versions installs further versions of the stand-in for the provider aws.
func Versions(versions ...string) Option {
	return func(s *Stack) {
		s.t.Helper()
		for _, version := range versions {
			plugin, err := s.tools.At("aws", version)
			if err != nil {
				s.t.Fatal(err)
			}
			s.tools.Plugins = append(slices.Clone(s.tools.Plugins), plugin)
		}
	}
}

// Faults has the stand-in provider fail, wait or end, as the lines say: each a
// method, a token and a fault. The provider's variable STANDIN_AWS_FAULTS says
// what there is.
func (s *Stack) Faults(lines ...string) {
	const variable = "STANDIN_AWS_FAULTS="
	s.sandbox.Env = slices.DeleteFunc(s.sandbox.Env, func(v string) bool { return strings.HasPrefix(v, variable) })
	s.sandbox.Env = append(s.sandbox.Env, variable+strings.Join(lines, "\n"))
}

// NewStack creates an empty stack of a Go program.
func NewStack(t testing.TB, about About, program pulumi.RunFunc, options ...Option) *Stack {
	t.Helper()
	return newStack(t, about, options, func(box *sandbox.Sandbox) (auto.Stack, error) {
		return box.NewStack(t.Context(), Project, StackName, program)
	})
}

// NewYAML creates an empty stack of the YAML project in a folder, whose name is
// that of the tests' stacks. Its CLI is the newest.
func NewYAML(t testing.TB, about About, folder string, options ...Option) *Stack {
	t.Helper()
	host := func(s *Stack) { s.tools.Plugins = append(slices.Clone(s.tools.Plugins), built(t, yamlHost)) }
	return newStack(t, about, append([]Option{Newest, host}, options...), func(box *sandbox.Sandbox) (auto.Stack, error) {
		return box.NewProjectStack(t.Context(), folder, StackName)
	})
}

func newStack(t testing.TB, about About, options []Option, create func(*sandbox.Sandbox) (auto.Stack, error)) *Stack {
	t.Helper()
	s := &Stack{t: t, tools: Tools(t)}
	s.binary = s.tools.Pack
	for _, option := range options {
		option(s)
	}
	if s.Older() && s.tools.Pack == s.binary {
		Folder(built(t, packFolder))(s)
	}
	s.configure(about)
	var err error
	if s.sandbox, err = sandbox.New(tempDir(t), s.tools); err != nil {
		t.Fatal(err)
	}
	s.sandbox.Always = s.env
	if s.stack, err = create(s.sandbox); err != nil {
		t.Fatal(err)
	}
	return s
}

// Older reports whether the CLI takes folders alone.
func (s *Stack) Older() bool { return s.tools.CLI.Version.LT(takesFiles) }

// configure writes the pack's configuration to a file.
func (s *Stack) configure(about About) {
	s.t.Helper()
	config := map[string]json.RawMessage{}
	for _, other := range about.Others(s.t) {
		config[other] = json.RawMessage(`"disabled"`)
	}
	maps.Copy(config, s.config)
	var file any = config
	if s.excepts != nil {
		file = map[string]any{"version": 2, "policies": config, "exceptions": s.excepts}
	}
	text, err := json.Marshal(file)
	if err != nil {
		s.t.Fatal(err)
	}
	s.file = filepath.Join(tempDir(s.t), "policies.json")
	if err := os.WriteFile(s.file, text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// Beside creates an empty stack in the same backend, of any project, that is
// about the same policies.
func (s *Stack) Beside(project, name string, program pulumi.RunFunc) *Stack {
	s.t.Helper()
	stack, err := s.sandbox.NewStack(s.t.Context(), project, name, program)
	if err != nil {
		s.t.Fatal(err)
	}
	s.operations()
	beside := *s
	beside.stack = stack
	return &beside
}

// Sandbox returns the place the stack's CLI runs in.
func (s *Stack) Sandbox() *sandbox.Sandbox { return s.sandbox }

// Become replaces the stack's program.
func (s *Stack) Become(program pulumi.RunFunc) { s.stack.Workspace().SetProgram(program) }

// Result is what a run of the CLI came to.
type Result struct {
	ExitCode int
	// Policy holds the policy events, sorted, each as
	// "level severity policy resource: message" (see [Short]).
	Policy []string
	// Remediated holds what policies changed of the inputs, in that order, each as
	// "policy resource".
	Remediated []string
	// Errors holds the errors of the engine, the program and the CLI, without
	// colours; the pack goes by its file name.
	Errors []string
	// Created holds the resources that the provider created, sorted.
	Created []string
	// Asked holds the functions that a provider was asked for and the resources it
	// was to read, sorted, each as "account region token".
	Asked []string
	// Steps holds the steps that a preview plans and an update does, sorted, each
	// as "operation resource" (see [Short]), and Outputs the outputs of the stack.
	Steps   []string
	Outputs map[string]any
	// Output is all that the CLI printed, and all its events as JSON; Stderr what
	// went to stderr.
	Output, Stderr string
}

// Preview runs `pulumi preview` with the pack. Where that passes, it runs
// `dynamoguard preview` too, which must come to the same but for the differences,
// as [Differences] writes them.
func (s *Stack) Preview(differences ...string) Result {
	s.t.Helper()
	plain := s.Plain()
	if plain.ExitCode == 0 && !s.Older() {
		foreseen := s.Foresee()
		if diff := cmp.Diff(differences, Differences(plain, foreseen)); diff != "" {
			s.t.Errorf("what the foreseen preview comes to otherwise than the plain one (-want +got):\n%s\n%s", diff, foreseen.Output)
		}
	}
	return plain
}

// Differences returns what two runs came to otherwise, in exit code, steps and
// the stack's outputs, each as "- first" or "+ second".
func Differences(first, second Result) []string {
	lines := func(r Result) map[string]bool {
		all := map[string]bool{fmt.Sprintf("exit code %d", r.ExitCode): true}
		for _, step := range r.Steps {
			all[step] = true
		}
		for name, value := range r.Outputs {
			all[fmt.Sprintf("output %s: %v", name, value)] = true
		}
		return all
	}
	var all []string
	one, other := lines(first), lines(second)
	for _, line := range slices.Sorted(maps.Keys(one)) {
		if !other[line] {
			all = append(all, "- "+line)
		}
	}
	for _, line := range slices.Sorted(maps.Keys(other)) {
		if !one[line] {
			all = append(all, "+ "+line)
		}
	}
	return all
}

// Foresee runs `dynamoguard preview`, with flags of its own.
func (s *Stack) Foresee(flags ...string) Result {
	s.t.Helper()
	return s.ForeseeThrough(append([]string{"preview", "--dynamoguard-config", s.file}, flags...)...)
}

// ForeseeThrough runs the pack's binary with the arguments, followed by those of
// `pulumi preview`.
func (s *Stack) ForeseeThrough(args ...string) Result {
	s.t.Helper()
	s.sandbox.Through = append([]string{s.binary}, args...)
	defer func() { s.sandbox.Through = nil }()
	return s.run(func(ctx context.Context, stream chan<- events.EngineEvent) (string, string, error) {
		result, err := s.stack.Preview(ctx, optpreview.EventStreams(stream))
		return result.StdOut, result.StdErr, err
	})
}

// Run runs the pack's binary as a person does, in the folder of the stack's
// project. In an argument $CONFIG stands for the file of the pack's configuration,
// and $PACK for its binary.
func (s *Stack) Run(args ...string) (stdout, stderr string, exitCode int) {
	s.t.Helper()
	return s.byHand(s.binary, args)
}

// RunPulumi runs the CLI like that, without the pack.
func (s *Stack) RunPulumi(args ...string) (stdout, stderr string, exitCode int) {
	s.t.Helper()
	return s.byHand(s.tools.CLI.Path, args)
}

func (s *Stack) byHand(program string, args []string) (stdout, stderr string, exitCode int) {
	s.t.Helper()
	args = slices.Clone(args)
	for i, arg := range args {
		args[i] = strings.NewReplacer("$CONFIG", s.file, "$PACK", s.tools.Pack).Replace(arg)
	}
	command := s.sandbox.Command(s.t.Context(), program, args...)
	var out, errOut strings.Builder
	command.Stdout, command.Stderr = &out, &errOut
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	return out.String(), errOut.String(), command.ProcessState.ExitCode()
}

// Plain runs `pulumi preview` with the pack, and no other.
func (s *Stack) Plain() Result {
	s.t.Helper()
	return s.run(func(ctx context.Context, stream chan<- events.EngineEvent) (string, string, error) {
		result, err := s.stack.Preview(ctx, optpreview.EventStreams(stream),
			optpreview.PolicyPacks(s.tools.Pack), optpreview.PolicyPackConfigs(s.file))
		return result.StdOut, result.StdErr, err
	})
}

// Up runs `pulumi up` with the pack, without a preview before it. Where that
// passes, `pulumi policy analyze` and `dynamoguard check` must come to the same on
// the state that it leaves.
func (s *Stack) Up() Result {
	s.t.Helper()
	up := s.run(func(ctx context.Context, stream chan<- events.EngineEvent) (string, string, error) {
		result, err := s.stack.Up(ctx, optup.EventStreams(stream), optup.SuppressOutputs(),
			optup.PolicyPacks(s.tools.Pack), optup.PolicyPackConfigs(s.file))
		return result.StdOut, result.StdErr, err
	})
	if up.ExitCode == 0 && !s.Older() {
		deployment, err := s.stack.Export(s.t.Context()) // with the secrets as they are
		if err != nil {
			s.t.Fatal(err)
		}
		state, err := json.Marshal(deployment)
		if err != nil {
			s.t.Fatal(err)
		}
		s.Alike(state)
	}
	return up
}

// Alike has a state judged by `pulumi policy analyze` and by `dynamoguard check`,
// which must come to the same. It returns that.
func (s *Stack) Alike(state []byte) Result {
	s.t.Helper()
	analyzed, checked := s.Analyze(state), s.Check(state)
	if analyzed.ExitCode != checked.ExitCode {
		s.t.Errorf("analyze ends with %d, and check with %d:\n%s\n%s", analyzed.ExitCode, checked.ExitCode, analyzed.Output, checked.Output)
	}
	if diff := cmp.Diff(analyzed.Policy, checked.Policy); diff != "" {
		s.t.Errorf("check comes to something else than analyze (-analyze +check):\n%s\n%s", diff, checked.Output)
	}
	return analyzed
}

// Check runs `dynamoguard check` on an exported state. The result has the exit
// code, the policy events and the output.
func (s *Stack) Check(state []byte) Result {
	s.t.Helper()
	file := filepath.Join(tempDir(s.t), "state.json")
	if err := os.WriteFile(file, state, 0o600); err != nil {
		s.t.Fatal(err)
	}
	stdout, stderr, code := s.Run("check", file, "--config", "$CONFIG", "--format", "json")
	var report struct {
		Messages []struct{ Policy, Severity, Level, URN, Text string }
	}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil && code != 2 {
		s.t.Fatalf("check: exit code %d, %v\n%s%s", code, err, stdout, stderr)
	}
	result := Result{ExitCode: code, Output: stdout + stderr, Stderr: stderr}
	for _, m := range report.Messages {
		result.Policy = append(result.Policy, byConfiguration.ReplaceAllString(Line(apitype.PolicyEvent{
			EnforcementLevel: m.Level, Severity: m.Severity, PolicyName: m.Policy, ResourceURN: m.URN, Message: m.Text,
		}), ""))
	}
	slices.Sort(result.Policy)
	return result
}

// run collects the events of an operation. An operation that fails has its
// output within the error.
func (s *Stack) run(operation func(context.Context, chan<- events.EngineEvent) (string, string, error)) Result {
	s.t.Helper()
	stream := make(chan events.EngineEvent)
	returned, collected := make(chan struct{}), make(chan struct{})
	var all []apitype.EngineEvent
	go func() {
		defer close(collected)
		for {
			select {
			case event, ok := <-stream:
				if !ok {
					return
				}
				all = append(all, event.EngineEvent)
			case <-returned: // a CLI that never began leaves the stream open
				return
			}
		}
	}()
	s.sandbox.ExitCode, s.sandbox.Stderr = -1, ""
	stdout, stderr, err := operation(s.t.Context(), stream)
	close(returned)
	<-collected

	if err != nil && s.sandbox.ExitCode == 0 {
		s.t.Fatal(err) // not the CLI's failure, but the harness's own
	}
	output := stdout + stderr
	if err != nil {
		output += err.Error()
	}
	for _, event := range all {
		encoded, err := json.Marshal(event)
		if err != nil {
			s.t.Fatal(err)
		}
		output += string(encoded) + "\n"
	}
	return s.result(output, all)
}

// Analyze runs `pulumi policy analyze` with the pack on an exported state.
func (s *Stack) Analyze(state []byte) Result {
	s.t.Helper()
	file := filepath.Join(tempDir(s.t), "state.json")
	if err := os.WriteFile(file, state, 0o600); err != nil {
		s.t.Fatal(err)
	}
	stdout, stderr, err := s.sandbox.Pulumi(s.t.Context(), "policy", "analyze", "--json", "--file", file,
		"--policy-pack", s.tools.Pack, "--policy-pack-config", s.file)
	if err != nil && s.sandbox.ExitCode <= 0 {
		s.t.Fatal(err)
	}
	var all []apitype.EngineEvent
	for decoder := json.NewDecoder(strings.NewReader(stdout)); decoder.More(); {
		var event apitype.EngineEvent
		if err := decoder.Decode(&event); err != nil {
			s.t.Fatalf("pulumi policy analyze --json: %v\n%s", err, stdout)
		}
		all = append(all, event)
	}
	return s.result(stdout+stderr, all)
}

// byConfiguration is what each notice of the pack ends with.
var byConfiguration = regexp.MustCompile(`\s+\(configuration [0-9a-f]{12}\)$`)

// result sums up a run of the CLI that has ended.
func (s *Stack) result(output string, all []apitype.EngineEvent) Result {
	s.t.Helper()
	result := Result{ExitCode: s.sandbox.ExitCode, Output: output, Stderr: s.sandbox.Stderr}
	if result.ExitCode == 255 && s.Older() { // v3.200.0 has one code for whatever fails
		result.ExitCode = 1
	}
	for _, event := range all {
		if before := event.ResourcePreEvent; before != nil {
			result.Steps = append(result.Steps, fmt.Sprintf("%s %s", before.Metadata.Op, Short(before.Metadata.URN)))
		}
		if after := event.ResOutputsEvent; after != nil && after.Metadata.Type == string(resource.RootStackType) {
			result.Outputs = outputs(after.Metadata)
		}
		if policy := event.PolicyEvent; policy != nil {
			if policy.Severity == "" && s.Older() { // which tell none, so it is the policy's
				policy.Severity = severity(policy.PolicyName)
			}
			result.Policy = append(result.Policy, byConfiguration.ReplaceAllString(Line(*policy), ""))
		}
		if remediation := event.PolicyRemediationEvent; remediation != nil {
			result.Remediated = append(result.Remediated, remediation.PolicyName+" "+Short(remediation.ResourceURN))
		}
		if diagnostic := event.DiagnosticEvent; diagnostic != nil && diagnostic.Severity == "error" {
			result.Errors = append(result.Errors, plain(diagnostic.Message))
		}
	}
	if message, ok := strings.CutPrefix(strings.TrimSpace(s.sandbox.Stderr), "error: "); ok {
		result.Errors = append(result.Errors, strings.ReplaceAll(message, s.tools.Pack, filepath.Base(s.tools.Pack)))
	}
	slices.Sort(result.Policy)
	slices.Sort(result.Steps)
	for _, o := range s.operations() {
		switch o.Operation {
		case "create":
			result.Created = append(result.Created, Short(o.URN))
		case "invoke", "read":
			result.Asked = append(result.Asked, fmt.Sprintf("%s %s %s", o.Account, o.Region, o.Token))
		}
	}
	slices.Sort(result.Created)
	slices.Sort(result.Asked)
	return result
}

// severity returns that of a policy.
func severity(name string) string {
	for _, p := range policies.All() {
		if p.Name == name {
			return p.Severity.String()
		}
	}
	return ""
}

// outputs returns the outputs of a stack that are known.
func outputs(stack apitype.StepEventMetadata) map[string]any {
	if stack.New == nil {
		return nil
	}
	all := maps.Clone(stack.New.Outputs)
	maps.DeleteFunc(all, func(_ string, value any) bool { return value == plugin.UnknownStringValue })
	return all
}

// operations returns what the provider did since the last call.
func (s *Stack) operations() []sandbox.Operation {
	all, err := s.sandbox.Operations()
	if err != nil {
		s.t.Fatal(err)
	}
	news := all[s.seen:]
	s.seen = len(all)
	return news
}

// Export returns the stack's state, as `pulumi stack export` prints it.
func (s *Stack) Export() []byte {
	s.t.Helper()
	state, _, err := s.sandbox.Pulumi(s.t.Context(), "stack", "export", "--stack", StackName)
	if err != nil {
		s.t.Fatal(err)
	}
	return []byte(state)
}

// Line writes a policy event as one line.
func Line(event apitype.PolicyEvent) string {
	return fmt.Sprintf("%s %s %s %s: %s", event.EnforcementLevel, event.Severity, event.PolicyName,
		Short(event.ResourceURN), plain(event.Message))
}

// Short returns a URN without what all of the tests' stacks have in common:
// "aws:dynamodb/table:Table::orders".
func Short(urn string) string {
	return strings.TrimPrefix(urn, "urn:pulumi:"+StackName+"::"+Project+"::")
}

// plain returns a message without colour directives and surrounding space.
func plain(message string) string { return strings.TrimSpace(colors.Never.Colorize(message)) }
