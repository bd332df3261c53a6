//go:build unix

package command_test

import (
	"os"
	"syscall"
	"testing"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/command"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// blocking names the file to which a process says that its policy blocks. With it, the test binary is a pack.
const blocking = "DYNAMOGUARD_BLOCKING"

// packed, where it is set, makes the test binary the pack itself.
const packed = "DYNAMOGUARD_PACKED"

func TestMain(m *testing.M) {
	if os.Getenv(packed) != "" {
		os.Exit(command.Run(os.Args[1:], "1.2.3", policies.All(), os.Stdin, os.Stdout, os.Stderr))
	}
	file := os.Getenv(blocking)
	if file == "" {
		os.Exit(m.Run())
	}
	os.Exit(command.Run(os.Args[1:], "1.2.3", []*policy.Policy{
		{Name: policy.PackPolicy, Config: policy.PackSettings{}},
		{
			Name: "blocks", Level: policy.Mandatory, Reads: facts.TypeReads("t"),
			CheckResource: func(*policy.Pass) {
				_ = os.WriteFile(file, nil, 0o600) // its reader fails without it
				select {}
			},
		},
	}, os.Stdin, os.Stdout, os.Stderr))
}

// TestEnds: the process ends by itself when it is told to, or the engine has gone, although a policy never ends, and whether
// or not the engine still waits for it. internal/analyzer tests how soon.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name  string
		leave bool // before it is to end, the client gives up
		end   func(*testing.T, *os.Process, pulumirpc.AnalyzerClient, *grpc.Server)
	}{
		{"terminate", false, func(t *testing.T, p *os.Process, _ pulumirpc.AnalyzerClient, _ *grpc.Server) {
			if err := p.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}},
		{"terminate, left", true, func(t *testing.T, p *os.Process, _ pulumirpc.AnalyzerClient, _ *grpc.Server) {
			if err := p.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
		}},
		{"Cancel", false, func(t *testing.T, _ *os.Process, pack pulumirpc.AnalyzerClient, _ *grpc.Server) {
			if _, err := pack.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
				t.Error(err)
			}
		}},
		{"the engine goes, left", true, func(_ *testing.T, _ *os.Process, _ pulumirpc.AnalyzerClient, engine *grpc.Server) { engine.Stop() }},
	} {
		t.Run(c.name, func(t *testing.T) {
			engine, address := startEngine(t)
			blocks := t.TempDir() + "/blocks"
			process, connection := startPack(t, os.Args[0], address, blocking+"="+blocks)
			pack := pulumirpc.NewAnalyzerClient(connection)
			go func() {
				_, _ = pack.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: "t", Properties: &structpb.Struct{
					Fields: map[string]*structpb.Value{"p": structpb.NewBoolValue(true)}}})
			}()
			deadline := time.Now().Add(time.Minute)
			for _, err := os.Stat(blocks); err != nil; _, err = os.Stat(blocks) {
				if time.Now().After(deadline) {
					t.Fatal("the policy is not run")
				}
				time.Sleep(10 * time.Millisecond)
			}
			if c.leave {
				_ = connection.Close()
			}
			c.end(t, process.Process, pack, engine)
			ended := make(chan error, 1)
			go func() { ended <- process.Wait() }()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(time.Minute):
				_ = process.Process.Kill()
				t.Fatal("still running after a minute")
			}
		})
	}
}
