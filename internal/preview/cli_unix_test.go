//go:build unix

package preview_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/preview"
	"dynamoguard/internal/session"
)

// scenario names the environment variable that makes the test binary a pulumi, which does what it says.
const scenario = "FAKE_PULUMI"

// binary is the path of the program.
var binary string

func TestMain(m *testing.M) {
	if s := os.Getenv(scenario); s != "" && os.Args[0] == "pulumi" {
		os.Exit(pulumi(s))
	}
	folder, err := os.MkdirTemp("", "dynamoguard-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(folder, "dynamoguard")
	out, err := exec.Command("go", "build", "-o", binary, "dynamoguard").CombinedOutput()
	if err != nil {
		panic(string(out))
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

const (
	orders = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	carts  = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::carts"
	token  = "aws:dynamodb/getTable:getTable"
	arn    = "arn:aws:dynamodb:us-east-1:111122223333:table/"
)

func table(urn, name string) session.Issue {
	return session.Issue{URN: urn, Values: []foresight.Value{{Property: "arn", Text: arn + name}}, Names: []string{name}}
}

// pulumi is a CLI: it runs no program, and does what an engine, a pack and forwarders would do of a scenario.
func pulumi(scenario string) int {
	must := func(err error) {
		if err != nil {
			fmt.Println("pulumi:", err)
			os.Exit(99)
		}
	}
	var may session.May
	dial := func() *session.Client {
		client, err := session.Dial(os.Getenv(session.Variable))
		must(err)
		may, err = client.Forward()
		must(err)
		return client
	}
	foresee := func(urn string) bool { return !slices.Contains(may.Not, urn) }
	interrupted := make(chan os.Signal, 8)
	signal.Notify(interrupted, os.Interrupt, syscall.SIGTERM)
	switch scenario {
	case "echo": // what it was called with
		_, err := io.Copy(os.Stdout, os.Stdin)
		must(err)
		fmt.Println(strings.Join(os.Args, "|"))
		for _, arg := range os.Args {
			if file, ok := strings.CutPrefix(arg, "--policy-pack-config="); ok {
				content, err := os.ReadFile(file)
				must(err)
				fmt.Printf("%s holds %q\n", filepath.Base(file), content)
			}
		}
		fmt.Fprintln(os.Stderr, "to stderr")
		return 7
	case "turns": // of both streams
		for i := range 500 {
			fmt.Println("out", i)
			fmt.Fprintln(os.Stderr, "err", i)
		}
		return 0
	case "much": // more than a pipe holds
		fmt.Println(strings.Repeat("x", 1<<20))
		must(os.WriteFile(os.Getenv("FAKE_READY"), fmt.Appendln(nil, os.Getpid()), 0o600))
		return 0
	case "folder": // where the user's home has a file
		name := filepath.Join(os.Getenv("PULUMI_HOME"), "name")
		must(os.Remove(name))
		must(os.Mkdir(name, 0o700))
		must(os.WriteFile(filepath.Join(name, "file"), nil, 0o600))
		return 3
	case "place":
		fmt.Println(os.Getenv(session.HomeVariable), os.Getenv("PULUMI_CREDENTIALS_PATH"))
		fmt.Println(os.Getenv("PULUMI_HOME") == filepath.Dir(os.Getenv(session.Variable))+"/h1")
		return 0
	case "kill itself":
		fmt.Println("before")
		must(syscall.Kill(os.Getpid(), syscall.SIGKILL))
	case "wait": // until it is told to end
		group, err := syscall.Getpgid(os.Getppid())
		must(err)
		fmt.Fprintln(os.Stderr, "it waits, in the same group:", group == syscall.Getpgrp())
		must(os.WriteFile(os.Getenv("FAKE_READY"), fmt.Appendln(nil, os.Getpid()), 0o600))
		fmt.Println("told:", <-interrupted)
		select {
		case s := <-interrupted:
			fmt.Println("told again:", s)
		case <-time.After(300 * time.Millisecond):
		}
		return 5
	case "lookup": // of two tables, one after the other
		client := dial()
		for urn, name := range map[string]string{orders: "orders", carts: "carts"} {
			if foresee(urn) {
				must(client.Issue(table(urn, name)))
			}
		}
		for _, urn := range []string{orders, carts} {
			if foresee(urn) {
				fmt.Println("thrown away")
				must(client.StartAgain(session.Again{Token: token, URNs: []string{urn}}))
				<-interrupted
				return 1
			}
		}
		fmt.Println("shown")
		must(client.Judge(session.Judged{Documents: 1, Of: 2}))
		return 0
	case "lookup of nothing":
		must(dial().StartAgain(session.Again{Token: token}))
		<-interrupted
		return 1
	case "values":
		client := dial()
		issue := table(orders, "orders-1f2e3d")
		issue.Auto = true
		must(client.Issue(issue))
		must(client.Issue(session.Issue{URN: carts, Values: []foresight.Value{
			{Text: "carts"}, {Property: "streamArn", Text: "secret\x1b", StandIn: true, Secret: true},
		}}))
		must(client.Note("the account\n\tis not known"))
		if os.Getenv("FAKE_JUDGED") != "" {
			must(client.Judge(session.Judged{Documents: 3, Of: 3, Violations: 1}))
		}
		fmt.Println("{}")
		if os.Getenv("FAKE_PASSES") != "" {
			return 0
		}
		if slices.Contains(os.Args, "--expect-no-changes") {
			return 7
		}
		return 255
	case "events":
		for _, arg := range os.Args {
			if log, ok := strings.CutPrefix(arg, "--event-log="); ok {
				must(os.WriteFile(log, []byte("{\"run\":\""+filepath.Base(log)+"\"}\n"), 0o600))
			}
		}
		if client := dial(); foresee(orders) {
			must(client.Issue(table(orders, "orders")))
			must(client.StartAgain(session.Again{Token: token, URNs: []string{orders}}))
			<-interrupted
			return 1
		}
		return 0
	case "install":
		plugin := filepath.Join(os.Getenv("PULUMI_HOME"), "plugins", "resource-aws-v7.41.0")
		program := filepath.Join(plugin, "pulumi-resource-aws")
		if link, err := os.Readlink(program); err == nil {
			fmt.Println(filepath.Base(link))
			return 0
		}
		fmt.Println("installing")
		must(os.WriteFile(plugin+".partial", nil, 0o600))
		must(os.Mkdir(plugin, 0o700))
		must(os.WriteFile(program, []byte("aws"), 0o700))
		must(os.Remove(plugin + ".partial"))
		<-interrupted
		return 1
	case "version":
		fmt.Println(strings.Join(os.Args, "|"), os.Getenv("PULUMI_HOME"), os.Getenv(session.Variable))
		return 0
	}
	fmt.Println("pulumi: no such scenario")
	return 99
}

// A run is one of the program on a machine of its own.
type run struct {
	*exec.Cmd
	home           string // of Pulumi
	temporary      string // folder for temporary files
	stdout, stderr bytes.Buffer
}

// prepare prepares a run in which pulumi does what a scenario says. Variables are NAME=value.
func prepare(t *testing.T, does string, args []string, variables ...string) *run {
	t.Helper()
	folder := t.TempDir()
	r := &run{home: filepath.Join(folder, ".pulumi"), temporary: filepath.Join(folder, "tmp")}
	path := filepath.Join(folder, "bin")
	for _, f := range []string{path, r.temporary, filepath.Join(folder, "work")} {
		if err := os.Mkdir(f, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(path, "pulumi")); err != nil {
		t.Fatal(err)
	}
	r.Cmd = exec.Command(binary, args...)
	r.Dir = filepath.Join(folder, "work")
	r.Env = append(os.Environ(), "PATH="+path+":"+os.Getenv("PATH"), "PULUMI_HOME="+r.home, "TMPDIR="+r.temporary, scenario+"="+does)
	r.Env = append(r.Env, variables...)
	r.Stdout, r.Stderr = &r.stdout, &r.stderr
	return r
}

// end waits for the run and returns all of it. No run leaves anything behind.
func (r *run) end(t *testing.T) (outcome string) {
	t.Helper()
	const patience = 5 * time.Minute // which only a program that hangs takes
	hung := time.AfterFunc(patience, func() { _ = r.Process.Kill() })
	defer hung.Stop()
	err := r.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	r.tidy(t)
	outcome = fmt.Sprintf("exit code %d\nstdout:\n%sstderr:\n%s", r.ProcessState.ExitCode(), r.stdout.String(), r.stderr.String())
	return strings.ReplaceAll(outcome, r.folder(outcome), "FOLDER")
}

// folder returns the path of the run's folder, as a text holds it.
func (r *run) folder(text string) string {
	_, rest, ok := strings.Cut(text, r.temporary+"/dg")
	if !ok {
		return r.temporary
	}
	return r.temporary + "/dg" + rest[:strings.IndexAny(rest, "/ \n")]
}

func (r *run) tidy(t *testing.T) {
	t.Helper()
	if left, err := os.ReadDir(r.temporary); len(left) > 0 || err != nil {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func (r *run) whole(t *testing.T) string {
	t.Helper()
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	return r.end(t)
}

func same(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const nothing = "dynamoguard: no pack said what it judged; 0 values foreseen: no AWS provider was led through a forwarder\n"

// TestArguments: pulumi gets the arguments, the pack and its configuration, the input, and nothing else on stdout.
func TestArguments(t *testing.T) {
	r := prepare(t, "echo", []string{"preview", "-s", "dev", "--policy-pack", "x", "--dynamoguard-config", "c.json", "--unknown", "--", "a"})
	if err := os.WriteFile(filepath.Join(r.Dir, "c.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Stdin = strings.NewReader("the input\n")
	same(t, `exit code 7
stdout:
the input
pulumi|preview|-s|dev|--policy-pack|x|--unknown|--policy-pack=FOLDER/pack/pulumi-analyzer-dynamoguard|--policy-pack-config=FOLDER/empty.json|--policy-pack-config=`+
		r.Dir+`/c.json|--|a
empty.json holds ""
c.json holds "{}"
stderr:
to stderr
`+nothing, r.whole(t))
}

// TestPlace: credentials and plugins are those of the user.
func TestPlace(t *testing.T) {
	r := prepare(t, "place", []string{"preview"})
	same(t, "exit code 0\nstdout:\n"+r.home+" "+r.home+"\ntrue\nstderr:\n"+nothing, r.whole(t))
	r = prepare(t, "place", []string{"preview"}, "PULUMI_CREDENTIALS_PATH=/elsewhere")
	same(t, "exit code 0\nstdout:\n"+r.home+" /elsewhere\ntrue\nstderr:\n"+nothing, r.whole(t))
}

// TestMistakes: pulumi is not started.
func TestMistakes(t *testing.T) {
	const hint = "Run it with help for what it does.\n"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"preview", "--remote"}, "--remote runs the preview on another machine, where nothing leads the engine to a forwarder"},
		{[]string{"preview", "--dynamoguard-config", "none.json"}, "--dynamoguard-config: open FOLDER: no such file or directory"},
		{[]string{"exec", "true"}, "a command is missing: dynamoguard exec [flags] -- COMMAND [arguments]"},
		{[]string{"exec", "--"}, "a command is missing: dynamoguard exec [flags] -- COMMAND [arguments]"},
		{[]string{"exec", "--", "no-such-command"}, `exec: "no-such-command": executable file not found in $PATH`},
	} {
		r := prepare(t, "echo", c.args)
		want := strings.ReplaceAll(c.want, "FOLDER", filepath.Join(r.Dir, "none.json"))
		same(t, "exit code 1\nstdout:\nstderr:\ndynamoguard: "+want+"\n"+hint, r.whole(t))
	}
	r := prepare(t, "echo", []string{"preview"}, "PATH=/nowhere")
	same(t, "exit code 1\nstdout:\nstderr:\ndynamoguard: pulumi is not on PATH; https://www.pulumi.com/docs/install/ says how to install it\n"+hint, r.whole(t))
}

// TestKilled: a signal that ends pulumi is its exit code, as a shell has it.
func TestKilled(t *testing.T) {
	r := prepare(t, "kill itself", []string{"preview"})
	same(t, "exit code 137\nstdout:\nbefore\nstderr:\n"+nothing, r.whole(t))
}

// inGroup starts a run in a process group of its own.
func inGroup(t *testing.T, r *run) func() {
	return func() {
		r.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := r.Start(); err != nil {
			t.Fatal(err)
		}
	}
}

// waits starts a run whose pulumi waits, and returns its process.
func waits(t *testing.T, r *run, start func()) (pid int) {
	t.Helper()
	ready := filepath.Join(t.TempDir(), "ready")
	r.Env = append(r.Env, "FAKE_READY="+ready)
	start()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		text, err := os.ReadFile(ready)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		if n, _ := fmt.Sscanln(string(text), &pid); n == 1 {
			return pid
		}
	}
	t.Fatal("pulumi does not get there")
	return 0
}

// TestSignals: pulumi hears of a signal once, whether it was sent to the program or to its process group.
func TestSignals(t *testing.T) {
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		for _, group := range []bool{false, true} {
			t.Run(fmt.Sprint(s, ", group ", group), func(t *testing.T) {
				r := prepare(t, "wait", []string{"preview"})
				waits(t, r, inGroup(t, r))
				pid := r.Process.Pid
				if group {
					pid = -pid
				}
				if err := syscall.Kill(pid, s); err != nil {
					t.Fatal(err)
				}
				same(t, "exit code 5\nstdout:\ntold: "+s.String()+"\nstderr:\nit waits, in the same group: false\n"+nothing, r.end(t))
			})
		}
	}
}

// TestCrash: where the program is killed, pulumi is ended and the folder removed.
func TestCrash(t *testing.T) {
	for _, args := range [][]string{{"preview"}, {"exec", "--", "pulumi", "preview"}} {
		r := prepare(t, "wait", args)
		pid := waits(t, r, inGroup(t, r))
		if err := r.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		r.Stdout, r.Stderr = nil, nil
		_ = r.Wait()
		gone := func() bool {
			left, err := os.ReadDir(r.temporary)
			return len(left) == 0 && err == nil && syscall.Kill(pid, 0) != nil
		}
		for deadline := time.Now().Add(5 * time.Minute); !gone(); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%q: pulumi goes on or the folder is left", args)
			}
		}
	}
}

// TestStartsAgain: only the last run is seen, and each resource is left unforeseen once.
func TestStartsAgain(t *testing.T) {
	r := prepare(t, "lookup", []string{"preview"})
	same(t, `exit code 0
stdout:
shown
stderr:
dynamoguard: aws:dynamodb:Table carts was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS
dynamoguard: aws:dynamodb:Table orders was left unforeseen: aws:dynamodb/getTable:getTable would look for it at AWS
dynamoguard: 1 of 2 policy documents judged; 0 values foreseen
`, r.whole(t))
	r = prepare(t, "lookup of nothing", []string{"preview"})
	same(t, `exit code 1
stdout:
stderr:
dynamoguard: aws:dynamodb/getTable:getTable asks for another run and names nothing that was foreseen: this is a bug in dynamoguard
Run it with help for what it does.
`, r.whole(t))
}

// TestEventLog: events are those of the last run.
func TestEventLog(t *testing.T) {
	r := prepare(t, "events", []string{"preview", "--event-log", "events.json", "-C", "app"})
	if err := os.Mkdir(filepath.Join(r.Dir, "app"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.whole(t)
	if got, err := os.ReadFile(filepath.Join(r.Dir, "app", "events.json")); string(got) != "{\"run\":\"e2\"}\n" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

// TestInstall: a provider that was installed is at its place, and led through a forwarder.
func TestInstall(t *testing.T) {
	r := prepare(t, "install", []string{"preview"})
	same(t, "exit code 0\nstdout:\ndynamoguard\nstderr:\n"+nothing, r.whole(t))
	if got, err := os.ReadFile(filepath.Join(r.home, "plugins", "resource-aws-v7.41.0", "pulumi-resource-aws")); string(got) != "aws" || err != nil {
		t.Errorf("installed: %q, %v", got, err)
	}
}

// TestValues: what is said of foreseen values, with and without --json, where the preview fails and where it does not.
func TestValues(t *testing.T) {
	const (
		failed = "dynamoguard: pulumi preview failed, and not by a finding of this pack. What is made inside an apply may have failed " +
			`on one of the values that were foreseen, and without which it would not have run:
  aws:dynamodb:Table orders: arn arn:aws:dynamodb:us-east-1:111122223333:table/orders-1f2e3d (determined, by a name with another suffix in up)
  aws:dynamodb:Table carts: id carts (determined)
  aws:dynamodb:Table carts: streamArn [secret] (stand-in)
`
		table = `RESOURCE                   PROPERTY   VALUE                                                        FORESEEN AS
aws:dynamodb:Table orders  arn        arn:aws:dynamodb:us-east-1:111122223333:table/orders-1f2e3d  determined, by a name with another suffix in up
aws:dynamodb:Table carts   id         carts                                                        determined
aws:dynamodb:Table carts   streamArn  [secret]                                                     stand-in
`
		note   = "dynamoguard: the account is not known\n"
		counts = "3 values foreseen (2 determined, 1 stand-in)\n"
	)
	passes := "FAKE_PASSES=1"
	judged := "FAKE_JUDGED=1"
	for _, c := range []struct {
		name      string
		args      []string
		variables []string
		want      string
	}{
		{"it fails", nil, nil, "exit code 255\nstdout:\n{}\nstderr:\n" + failed + note + "dynamoguard: no pack said what it judged; " + counts},
		{"it fails, as JSON", []string{"--json"}, nil, "exit code 255\nstdout:\n{}\nstderr:\n" + failed},
		{"it fails by a finding", nil, []string{judged}, "exit code 255\nstdout:\n{}\nstderr:\n" + note + "dynamoguard: 3 of 3 policy documents judged; " + counts},
		{"it has changes where none are expected", []string{"--expect-no-changes"}, nil, "exit code 7\nstdout:\n{}\nstderr:\n" + note +
			"dynamoguard: no pack said what it judged; " + counts},
		{"it passes", nil, []string{passes}, "exit code 0\nstdout:\n{}\nstderr:\n" + note + "dynamoguard: no pack said what it judged; " + counts},
		{"it passes, as JSON", []string{"--output=json"}, []string{passes}, "exit code 0\nstdout:\n{}\nstderr:\n"},
		{"listed", []string{"--foreseen", "-j"}, []string{passes}, "exit code 0\nstdout:\n{}\nstderr:\n" + table},
		{"attached", nil, []string{passes, "PULUMI_DEBUG_PROVIDERS=gcp:1,aws:2"}, "exit code 0\nstdout:\n{}\nstderr:\n" +
			"dynamoguard: nothing is foreseen of aws: PULUMI_DEBUG_PROVIDERS attaches a provider\n" + note + "dynamoguard: no pack said what it judged; " + counts},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, c.want, prepare(t, "values", append([]string{"preview"}, c.args...), c.variables...).whole(t))
		})
	}
}

// TestAmbient: a provider on PATH is the user's own.
func TestAmbient(t *testing.T) {
	folder := t.TempDir()
	provider := filepath.Join(folder, "pulumi-resource-aws-native")
	if err := os.WriteFile(provider, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	r := prepare(t, "values", []string{"preview"}, "FAKE_PASSES=1", "FAKE_JUDGED=1")
	i := slices.IndexFunc(r.Env, func(v string) bool { return strings.HasPrefix(v, "PATH="+filepath.Dir(r.temporary)) })
	r.Env[i] += ":" + folder
	same(t, "exit code 0\nstdout:\n{}\nstderr:\ndynamoguard: nothing is foreseen of aws-native: the engine takes "+provider+
		", which is on PATH; PULUMI_IGNORE_AMBIENT_PLUGINS=true makes it take its own\n"+
		"dynamoguard: the account is not known\ndynamoguard: 3 of 3 policy documents judged; 3 values foreseen (2 determined, 1 stand-in)\n", r.whole(t))
}

// TestExec: previews are foreseen, also one of dynamoguard itself, and other commands are pulumi's. The exit code is that of
// the command.
func TestExec(t *testing.T) {
	r := prepare(t, "echo", []string{"exec", "--dynamoguard-config", "c.json", "--", "sh", "-c", "pulumi -C . preview --stack dev; exit 9"})
	if err := os.WriteFile(filepath.Join(r.Dir, "c.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	same(t, `exit code 9
stdout:
pulumi|-C|.|preview|--stack|dev|--policy-pack=FOLDER/pack/pulumi-analyzer-dynamoguard|--policy-pack-config=`+r.Dir+`/c.json
c.json holds "{}"
stderr:
to stderr
`+nothing, r.whole(t))
	r = prepare(t, "version", []string{"exec", "--", "pulumi", "version", "--", "preview"})
	same(t, "exit code 0\nstdout:\npulumi|version|--|preview "+r.home+" \nstderr:\n", r.whole(t))
	r = prepare(t, "place", []string{"exec", "--", binary, "preview"})
	same(t, "exit code 0\nstdout:\n"+r.home+" "+r.home+"\ntrue\nstderr:\n"+nothing, r.whole(t))
	r = prepare(t, "lookup", []string{"exec", "--no-stand-ins", "--", "pulumi", "preview", "--remote"})
	same(t, "exit code 1\nstdout:\nstderr:\ndynamoguard: --remote runs the preview on another machine, where nothing leads the engine to a forwarder\n", r.whole(t))
}

// TestMessage: what looks like a flag and is the value of one reaches the CLI as it is.
func TestMessage(t *testing.T) {
	r := prepare(t, "echo", []string{"preview", "-m", "--policy-pack=x,y\n--remote"})
	same(t, "exit code 7\nstdout:\npulumi|preview|-m|--policy-pack=x,y\n--remote|--policy-pack=FOLDER/pack/pulumi-analyzer-dynamoguard\n"+
		"stderr:\nto stderr\n"+nothing, r.whole(t))
}

// TestLacking: where a value is missing at the end, a flag of ours is not taken for it.
func TestLacking(t *testing.T) {
	for _, args := range [][]string{{"preview", "--message"}, {"preview", "-ds"}, {"preview", "--event-log"}} {
		same(t, "exit code 7\nstdout:\npulumi|"+strings.Join(args, "|")+"\nstderr:\nto stderr\n"+nothing, prepare(t, "echo", args).whole(t))
	}
}

// TestRelative: the CLI and its plugins find the folder from any other, also where TMPDIR is a relative path.
func TestRelative(t *testing.T) {
	r := prepare(t, "echo", []string{"preview"}, "TMPDIR=../tmp")
	same(t, "exit code 7\nstdout:\npulumi|preview|--policy-pack=FOLDER/pack/pulumi-analyzer-dynamoguard\nstderr:\nto stderr\n"+nothing, r.whole(t))
}

// TestOneStream: what goes to one file is in the order in which it was written.
func TestOneStream(t *testing.T) {
	r := prepare(t, "turns", []string{"preview"})
	r.Cmd.Stderr = r.Cmd.Stdout
	var want strings.Builder
	for i := range 500 {
		fmt.Fprintf(&want, "out %d\nerr %d\n", i, i)
	}
	same(t, "exit code 0\nstdout:\n"+want.String()+nothing+"stderr:\n", r.whole(t))
}

// TestNotAdopted: what cannot be put into the user's home is told, and the exit code is pulumi's.
func TestNotAdopted(t *testing.T) {
	r := prepare(t, "folder", []string{"preview"})
	if err := os.Mkdir(r.home, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(r.home, "name")
	if err := os.WriteFile(name, []byte("the user's"), 0o600); err != nil {
		t.Fatal(err)
	}
	same(t, "exit code 3\nstdout:\nstderr:\ndynamoguard: what pulumi put into its home cannot be put into "+r.home+":\n  mkdir "+name+
		": not a directory\n"+nothing, r.whole(t))
	if got, err := os.ReadFile(name); string(got) != "the user's" || err != nil {
		t.Errorf("the user's file: %q, %v", got, err)
	}
}

// empties waits until nothing is left of a run whose guard outlives it.
func (r *run) empties(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if left, err := os.ReadDir(r.temporary); len(left) == 0 && err == nil {
			return
		}
	}
	t.Error("the folder is left")
}

// TestNotRead: a signal ends the program where nobody reads what it writes once pulumi has ended.
func TestNotRead(t *testing.T) {
	r := prepare(t, "much", []string{"preview"})
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	r.Cmd.Stdout = writer
	pid := waits(t, r, inGroup(t, r))
	_ = writer.Close()
	for syscall.Kill(pid, 0) == nil { // it has written everything and is about to end
		time.Sleep(10 * time.Millisecond)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.Wait() }()
	for deadline := time.After(5 * time.Minute); ; {
		_ = r.Process.Signal(syscall.SIGTERM) // it may still pass it on
		select {
		case err := <-ended:
			same(t, "signal: terminated", fmt.Sprint(err))
			r.empties(t)
			return
		case <-time.After(10 * time.Millisecond):
		case <-deadline:
			_ = r.Process.Kill()
			t.Fatal("it goes on")
		}
	}
}

// TestGuardAlone: a guard whose program is gone before it has heard of the folder removes it.
func TestGuardAlone(t *testing.T) {
	r := prepare(t, "", []string{preview.GuardCommand})
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	_ = reader.Close()
	defer func() { _ = writer.Close() }()
	r.Cmd.Stdout = writer
	same(t, "exit code 1\nstdout:\nstderr:\ndynamoguard: write /dev/stdout: broken pipe\nRun it with help for what it does.\n", r.whole(t))
}
