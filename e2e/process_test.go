package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dynamodb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"dynamoguard/e2e/internal/harness"
	"dynamoguard/e2e/internal/wire"
)

// TestEnd asks the plugin to end in every way there is. It ends well, having
// printed its port and nothing else.
func TestEnd(t *testing.T) {
	pack := harness.Tools(t).Pack
	tests := []struct {
		name string
		end  func(*testing.T, *wire.Plugin)
	}{
		{"interrupt", func(_ *testing.T, p *wire.Plugin) { p.Signal(os.Interrupt) }},
		{"terminate", func(_ *testing.T, p *wire.Plugin) { p.Signal(syscall.SIGTERM) }},
		{"Cancel", func(t *testing.T, p *wire.Plugin) {
			if _, err := p.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
				t.Error(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			p := wire.Start(t, pack, wire.Engine(t))
			p.Judge(t.Context(), wire.Request(t, "aws:dynamodb/table:Table", "orders", nil, wire.AWS(t, "us-east-1")))
			if !p.Alive() {
				t.Fatal("the plugin ended before it was asked to")
			}
			test.end(t, p)
			if code := p.WaitEnd(); code != 0 {
				t.Errorf("exit code %d", code)
			}
			if out := p.Stdout(); len(strings.Fields(out)) != 1 || !strings.HasSuffix(out, "\n") {
				t.Errorf("stdout is %q, want the port alone", out)
			}
		})
	}
}

// TestArguments starts the plugin with the flags that the engine may put
// before its address: buildPluginArguments in pulumi/pkg/resource/plugin.
func TestArguments(t *testing.T) {
	pack := harness.Tools(t).Pack
	for _, flags := range [][]string{
		nil,
		{"-v=9"},
		{"--logtostderr"},
		{"--tracing", "file:./trace.json"},
		{"--logtostderr", "-v=9", "--tracing", "tcp://127.0.0.1:1"},
	} {
		t.Run(strings.Join(flags, " "), func(t *testing.T) {
			p := wire.Start(t, pack, append(slices.Clone(flags), wire.Engine(t))...)
			info, err := p.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
			if err != nil {
				t.Fatal(err)
			}
			if info.GetName() != "dynamoguard" {
				t.Errorf("the analyzer is called %q", info.GetName())
			}
			p.Signal(os.Interrupt)
			p.WaitEnd()
			if out := p.Stdout(); len(strings.Fields(out)) != 1 {
				t.Errorf("stdout is %q, want the port alone", out)
			}
		})
	}
}

// TestOrphan takes the CLI away from a running preview: no plugin of it is
// left behind.
func TestOrphan(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGKILL, os.Interrupt} {
		t.Run(fmt.Sprint(signal), func(t *testing.T) {
			running, release := make(chan struct{}), make(chan struct{})
			stack := harness.NewStack(t, nil, func(ctx *pulumi.Context) error {
				// Policy packs are loaded before the program runs.
				if _, err := dynamodb.NewTable(ctx, "orders", &dynamodb.TableArgs{}); err != nil {
					return err
				}
				close(running)
				<-release
				return nil
			})
			var cli *os.Process
			stack.Sandbox().Started = func(process *os.Process, args []string) {
				if slices.Contains(args, "preview") {
					cli = process
				}
			}

			finished := make(chan harness.Result)
			go func() { finished <- stack.Preview() }()
			select {
			case <-running:
			case result := <-finished:
				t.Fatalf("the preview ended by itself:\n%s", result.Output)
			}
			pack := harness.Tools(t).Pack
			if plugins := processes(t, pack); len(plugins) != 1 {
				t.Fatalf("processes of the pack: %v, want one", plugins)
			}
			if err := cli.Signal(signal); err != nil {
				t.Fatal(err)
			}

			// How soon it ends is tested in internal/analyzer; a busy machine takes longer.
			deadline := time.Now().Add(2 * time.Minute)
			for len(processes(t, pack)) > 0 {
				if time.Now().After(deadline) {
					t.Fatalf("processes of the pack two minutes later: %v", processes(t, pack))
				}
				time.Sleep(100 * time.Millisecond)
			}
			close(release)
			<-finished
		})
	}
}

// processes returns the processes that run a program, those aside that have
// ended and only wait for their parent.
func processes(t *testing.T, program string) []int {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "ps", "-A", "-o", "pid=,stat=,args=").Output()
	if err != nil {
		t.Fatalf("ps: %v", err)
	}
	var pids []int
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		if len(fields) < 3 || fields[2] != program || strings.HasPrefix(fields[1], "Z") {
			continue
		}
		pid, err := strconv.Atoi(fields[0])
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, pid)
	}
	return pids
}

// TestAnyOrder calls every method first, and each after each: the commands
// `policy analyze` and `policy publish` leave ConfigureStack out. All but a
// second Configure is answered.
func TestAnyOrder(t *testing.T) {
	pack := harness.Tools(t).Pack
	table := wire.Request(t, "aws:dynamodb/table:Table", "orders", nil, wire.AWS(t, "us-east-1"))
	configured := map[*wire.Plugin]bool{}
	calls := []struct {
		name string
		call func(*testing.T, *wire.Plugin) error
	}{
		{"GetPluginInfo", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.GetPluginInfo(t.Context(), &emptypb.Empty{})
			return err
		}},
		{"GetAnalyzerInfo", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
			return err
		}},
		{"Configure", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{})
			if configured[p] && status.Code(err) == codes.FailedPrecondition {
				return nil
			}
			configured[p] = true
			return err
		}},
		{"Remediate", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.Remediate(t.Context(), table)
			return err
		}},
		{"Analyze", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.Analyze(t.Context(), table)
			return err
		}},
		{"AnalyzeStack", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{
				Resources: []*pulumirpc.AnalyzerResource{wire.Stacked(table)},
			})
			return err
		}},
		{"AnalyzeStack of nothing", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{})
			return err
		}},
		{"Analyze of nothing", func(t *testing.T, p *wire.Plugin) error {
			_, err := p.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{})
			return err
		}},
	}
	for _, first := range calls {
		t.Run(first.name, func(t *testing.T) {
			p := wire.Start(t, pack, wire.Engine(t))
			for _, then := range calls {
				for _, call := range []func(*testing.T, *wire.Plugin) error{first.call, then.call} {
					if err := call(t, p); err != nil {
						t.Errorf("%s, then %s: %v", first.name, then.name, err)
					}
				}
			}
			if !p.Alive() {
				t.Error("the plugin has ended")
			}
		})
	}
}
