package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"dynamoguard/e2e/internal/harness"
)

// files returns what is in the sandbox, by path: the modes of files, where links
// lead, and digests of contents. It has nothing of what each run leaves: the log of
// the stand-ins, those of the CLI, and the record of what was judged.
func files(t *testing.T, s *harness.Stack) map[string]string {
	t.Helper()
	root := s.Sandbox().Dir()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		for _, log := range []string{"operations", filepath.Join("pulumi", "logs"), filepath.Join("home", ".cache", "dynamoguard")} {
			if strings.HasPrefix(name, log) {
				return nil
			}
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		what := info.Mode().String()
		switch {
		case info.Mode().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			what += fmt.Sprintf(" %x", sha256.Sum256(content))
		case info.Mode()&fs.ModeSymlink != 0:
			to, err := os.Readlink(path)
			if err != nil {
				return err
			}
			what += " " + to
		}
		all[name] = what
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// processesOf returns the processes whose command lines name the sandbox of a stack.
func processesOf(t *testing.T, s *harness.Stack) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-A", "-o", "pid=,stat=,args=").Output()
	if err != nil {
		t.Fatalf("ps: %v", err)
	}
	var found []string
	for line := range strings.Lines(string(out)) {
		if fields := strings.Fields(line); len(fields) > 2 && !strings.HasPrefix(fields[1], "Z") && strings.Contains(line, s.Sandbox().Dir()) {
			found = append(found, strings.TrimSpace(line))
		}
	}
	return found
}

// unchanged waits until no process of the stack runs, and compares the files
// with those that were there before.
func unchanged(t *testing.T, s *harness.Stack, before map[string]string) {
	t.Helper()
	// How soon all of it ends is tested elsewhere; a busy machine takes longer.
	deadline := time.Now().Add(2 * time.Minute)
	for {
		running, diff := processesOf(t, s), cmp.Diff(before, files(t, s))
		if len(running) == 0 && diff == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("left behind: processes %q, files (-before +after):\n%s", running, diff)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// TestForeseenTraces leaves nothing behind, whether a foreseen preview ends by
// itself, or is interrupted, or killed.
func TestForeseenTraces(t *testing.T) {
	t.Parallel()
	var blocks bool
	running, release := make(chan struct{}), make(chan struct{})
	s := harness.NewStack(t, documentPolicies, func(ctx *pulumi.Context) error {
		p := program{ctx}
		orders := p.table("orders", nil)
		p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
		if blocks {
			running <- struct{}{}
			<-release
		}
		return nil
	})
	s.Plain() // the CLI, too, leaves files in its home
	before := files(t, s)
	check(t, "preview", s.Foresee(), passes())
	unchanged(t, s, before)

	blocks = true
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGKILL} {
		var command *os.Process
		s.Sandbox().Started = func(process *os.Process, args []string) { command = process }
		finished := make(chan harness.Result, 1)
		go func() { finished <- s.Foresee() }()
		select {
		case <-running:
		case result := <-finished:
			t.Fatalf("the preview ended by itself:\n%s", result.Output)
		}
		if err := command.Signal(signal); err != nil {
			t.Fatal(err)
		}
		unchanged(t, s, before)
		release <- struct{}{}
		if r := <-finished; r.ExitCode == 0 {
			t.Errorf("after %v the command says that the preview passed", signal)
		}
	}
}

// TestForeseenFaults previews with providers that fail, end amidst a call, and
// take their time. What comes of it is what comes of a plain preview.
func TestForeseenFaults(t *testing.T) {
	t.Parallel()
	none := "dynamoguard: there was no policy document to judge; 0 values foreseen"
	tests := []struct {
		name, fault string
		told        []string
	}{
		{"a failed creation", "create aws:dynamodb/table:Table error=no such luck", []string{none}},
		{"a failed start", "start * error=no such luck", []string{none}},
		{"a failed handshake", "handshake * error=no such luck", []string{none}},
		{"a failed configuration", "configure * error=no such luck", []string{none}},
		{"a crash", "create aws:dynamodb/table:Table crash", []string{none}},
		{"slow", "create aws:dynamodb/table:Table delay=1s",
			[]string{"dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)"}},
		{"account refused", "invoke aws:index/getCallerIdentity:getCallerIdentity error=AccessDenied", []string{
			"dynamoguard: nothing is foreseen of what the provider default_6_83_4 creates, since it does not say where: " +
				"aws:index/getCallerIdentity:getCallerIdentity: invoking aws:index/getCallerIdentity:getCallerIdentity: 1 error occurred: * AccessDenied",
			"dynamoguard: 0 of 1 policy document judged; 0 values foreseen",
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := harness.NewStack(t, documentPolicies, stack(func(p program) {
				orders := p.table("orders", nil)
				p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
			}))
			s.Faults(test.fault)
			plain, foreseen := s.Plain(), s.Foresee()
			if diff := cmp.Diff([]string(nil), harness.Differences(plain, foreseen)); diff != "" {
				t.Errorf("differences (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(alike(plain.Errors), alike(foreseen.Errors)); diff != "" {
				t.Errorf("errors (-plain +foreseen):\n%s", diff)
			}
			tells(t, foreseen, test.told...)
		})
	}
}

// alike returns errors without where the plugins are, and without how a
// connection to a process that is gone ends, which is either way by chance.
func alike(errors []string) []string {
	var all []string
	for _, message := range errors {
		message = overlay.ReplaceAllString(message, "/pulumi/plugins/")
		all = append(all, strings.ReplaceAll(message, "connection reset by peer", "EOF"))
	}
	return all
}

// overlay is where the plugins are in a foreseen preview.
var overlay = regexp.MustCompile(`/tmp/dg[0-9]+/h[0-9]+/plugins/`)

// TestForeseenInstall has the CLI install a provider for a foreseen preview. It
// comes to where a plain one would have put it, and what it creates is foreseen.
func TestForeseenInstall(t *testing.T) {
	t.Parallel()
	const version = "6.70.0"
	provider, err := os.ReadFile(harness.Tools(t).Plugins[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	compressed := gzip.NewWriter(&archive)
	writer := tar.NewWriter(compressed)
	if err := writer.WriteHeader(&tar.Header{Name: "pulumi-resource-aws", Mode: 0o755, Size: int64(len(provider))}); err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(provider); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		want := fmt.Sprintf("/pulumi-resource-aws-v%s-%s-%s.tar.gz", version, runtime.GOOS, runtime.GOARCH)
		if r.URL.Path != want {
			t.Errorf("the CLI asks for %s, want %s", r.URL.Path, want)
		}
		w.Header().Set("Content-Length", strconv.Itoa(archive.Len()))
		_, _ = w.Write(archive.Bytes()) // the CLI tells if it fails
	}))
	defer server.Close()

	s := harness.NewStack(t, documentPolicies, stack(func(p program) {
		elsewhere := pulumi.Provider(must(aws.NewProvider(p.Context, "installed", &aws.ProviderArgs{Region: pulumi.String("eu-west-1")},
			pulumi.Version(version), pulumi.PluginDownloadURL(server.URL))))
		orders := p.table("orders", nil, elsewhere)
		p.policy("clerk", on(orders.Arn, "dynamodb:GetItem"))
	}))
	s.Sandbox().Env = []string{"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=false"}
	foreseen := s.Foresee()
	check(t, "preview", foreseen, passes())
	tells(t, foreseen, "dynamoguard: 1 of 1 policy document judged; 5 values foreseen (4 determined, 1 stand-in)")
	installed, err := os.ReadFile(filepath.Join(s.Sandbox().Dir(), "pulumi", "plugins", "resource-aws-v"+version, "pulumi-resource-aws"))
	if err != nil || !bytes.Equal(installed, provider) {
		t.Errorf("the provider is not where the CLI installs it: %v", err)
	}
	if diff := cmp.Diff([]string(nil), harness.Differences(s.Plain(), foreseen)); diff != "" {
		t.Errorf("differences from the plain preview that follows (-want +got):\n%s", diff)
	}
}

// TestForeseenFlags runs the command as a person does, on a violation.
func TestForeseenFlags(t *testing.T) {
	t.Parallel()
	s := harness.NewYAML(t, documentPolicies, "testdata/half")
	own := harness.Command(t, "dynamoguard/e2e/emptyanalyzer")
	empty, advisory := filepath.Join(t.TempDir(), "empty.json"), filepath.Join(t.TempDir(), "advisory.json")
	for file, config := range map[string]string{empty: "{}", advisory: `{"iam-wildcard-action": "advisory"}`} {
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ours := "dynamoguard@v" + packVersion(t)
	const (
		theirs = "empty@v0.0.0"
		judged = "dynamoguard: 1 of 1 policy document judged; 7 values foreseen (6 determined, 1 stand-in)"
	)
	tests := []struct {
		name     string
		args     []string
		exitCode int
		shows    []string // what of the packs and the finding is in stdout
		told     string
	}{
		{"none", nil, 1, []string{ours, "[mandatory]"}, judged},
		{"configuration", []string{"--dynamoguard-config", advisory}, 0, []string{ours, "[advisory]"}, judged},
		{"a pack of the user's", []string{"--policy-pack", own}, 1, []string{ours, "[mandatory]", theirs}, judged},
		{"a configured pack of the user's", []string{"--policy-pack", own, "--policy-pack-config", empty}, 1,
			[]string{ours, "[mandatory]", theirs}, judged},
		{"both configured", []string{"--policy-pack", own, "--policy-pack-config", empty, "--dynamoguard-config", advisory}, 0,
			[]string{ours, "[advisory]", theirs}, judged},
		{"no stand-ins", []string{"--no-stand-ins"}, 1, []string{ours, "[mandatory]"},
			"dynamoguard: 1 of 1 policy document judged; 6 values foreseen (6 determined, 0 stand-ins)"},
		{"remote", []string{"--remote"}, 1, nil,
			"dynamoguard: --remote runs the preview on another machine, where nothing leads the engine to a forwarder\n" +
				"Run it with help for what it does."},
		{"save-plan", []string{"--save-plan", "plan.json"}, 1, nil,
			"dynamoguard: --save-plan would write foreseen values into the plan, and an update that is held to it would fail: " +
				"save one with pulumi preview\nRun it with help for what it does."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"preview", "--stack", harness.StackName, "--non-interactive", "--color", "never"}, test.args...)
			stdout, stderr, code := s.Run(args...)
			if code != test.exitCode {
				t.Errorf("exit code %d, want %d", code, test.exitCode)
			}
			if diff := cmp.Diff(test.shows, shown.FindAllString(stdout, -1)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s\n%s", diff, stdout)
			}
			if diff := cmp.Diff(test.told+"\n", stderr); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
		})
	}
}

// shown are the packs and the level of a finding in what the CLI prints.
var shown = regexp.MustCompile(`(dynamoguard|empty)@v[0-9A-Za-z.-]+|\[(mandatory|advisory)\]`)

// TestForeseenJSON writes JSON on stdout, the CLI's own and nothing else.
func TestForeseenJSON(t *testing.T) {
	t.Parallel()
	s := harness.NewYAML(t, documentPolicies, "testdata/corrected")
	stdout, stderr, code := s.Run("preview", "--json", "--stack", harness.StackName, "--non-interactive")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	plain, _, err := s.Sandbox().Pulumi(t.Context(), "preview", "--json", "--stack", harness.StackName)
	if err != nil {
		t.Fatal(err)
	}
	type step struct{ Op, URN string }
	steps := func(text string) []step {
		var preview struct{ Steps []step }
		if err := json.Unmarshal([]byte(text), &preview); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		slices.SortFunc(preview.Steps, func(a, b step) int { return strings.Compare(a.URN, b.URN) })
		return preview.Steps
	}
	if diff := cmp.Diff(steps(plain), steps(stdout)); diff != "" {
		t.Errorf("planned steps (-plain +foreseen):\n%s", diff)
	}
}

// TestExec runs programs that call `pulumi preview` themselves.
func TestExec(t *testing.T) {
	t.Parallel()
	deployer := harness.Command(t, "dynamoguard/e2e/deployer")
	s := harness.NewYAML(t, documentPolicies, "testdata/half")
	makefile := filepath.Join(t.TempDir(), "x.mk")
	if err := os.WriteFile(makefile, []byte("preview:\n\tpulumi preview --non-interactive --stack "+harness.StackName+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		command []string
		stopped int // the exit code where a preview fails
	}{
		{"Automation API", []string{deployer}, 1},
		{"make", []string{"make", "-f", makefile, "preview"}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			command := s.Sandbox().Command(t.Context(), test.command[0], test.command[1:]...)
			if out, err := command.CombinedOutput(); err != nil || shown.Match(out) {
				t.Errorf("by itself it ends with %v\n%s", err, out)
			}
			stdout, stderr, code := s.Run(append([]string{"exec", "--dynamoguard-config", "$CONFIG", "--"}, test.command...)...)
			if code != test.stopped {
				t.Errorf("exit code %d, want %d", code, test.stopped)
			}
			if diff := cmp.Diff([]string{"dynamoguard@v" + packVersion(t), "[mandatory]"}, shown.FindAllString(stdout, -1)); diff != "" {
				t.Errorf("stdout (-want +got):\n%s\n%s", diff, stdout)
			}
			const judged = "dynamoguard: 1 of 1 policy document judged; 7 values foreseen (6 determined, 1 stand-in)\n"
			if !strings.Contains(stderr, judged) {
				t.Errorf("stderr is %q, and says nothing of %q", stderr, judged)
			}
		})
	}
}
