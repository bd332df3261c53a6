package analyzer

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	grpc_health "google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/plugin"
	"dynamoguard/internal/policy"
)

// TestMain silences gRPC before any test uses it.
func TestMain(m *testing.M) {
	plugin.Silence()
	os.Exit(m.Run())
}

// answering returns a check of the engine that comes to each answer in turn, the last for ever.
func answering(answers ...answer) answer {
	return func(ctx context.Context) error {
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		return answer(ctx)
	}
}

type answer func(context.Context) error

func there(context.Context) error   { return nil }
func refused(context.Context) error { return status.Error(codes.Unavailable, "connection refused") }
func slow(ctx context.Context) error {
	<-ctx.Done()
	return status.FromContextError(ctx.Err()).Err()
}

// A served is a pack that serves in a bubble of synctest, where time passes only while everything waits for it.
type served struct {
	*grpc.ClientConn
	stop  func()
	ended chan error
	told  *atomic.Bool // that the engine ended it, before it was answered
}

// pack is the one policy that a pack needs.
var pack = &policy.Policy{Name: policy.PackPolicy, Config: policy.PackSettings{}}

func serveIn(t *testing.T, check answer, policies ...*policy.Policy) served {
	t.Helper()
	listener := bufconn.Listen(1 << 10)
	ctx, stop := context.WithCancel(t.Context())
	s := served{stop: stop, ended: make(chan error, 1), told: new(atomic.Bool)}
	rules := engine.New(append(policies, pack), time.Now)
	go func() { s.ended <- serve(ctx, listener, check, "1.2.3", rules, func() { s.told.Store(true) }) }()
	s.ClientConn = dial(t, listener.DialContext)
	return s
}

// dial returns a client of whatever is reached.
func dial(t *testing.T, reach func(context.Context) (net.Conn, error)) *grpc.ClientConn {
	t.Helper()
	connection, err := grpc.NewClient("passthrough:", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return reach(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return connection
}

// end stops the pack where it still serves.
func (s served) end(t *testing.T) {
	t.Helper()
	s.stop()
	if err := <-s.ended; err != nil {
		t.Error(err)
	}
}

// TestCancel: what there is to do at the end of a run is done when the engine is answered, which may then kill the pack.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveIn(t, there)
		if _, err := pulumirpc.NewAnalyzerClient(s).Cancel(t.Context(), &emptypb.Empty{}); err != nil || !s.told.Load() {
			t.Errorf("%v, and before it was answered ended was called: %t", err, s.told.Load())
		}
		s.end(t)
	})
}

// TestWatch: an orphan ends within 10 seconds, and a pack whose engine is there or was heard of does not.
func TestWatch(t *testing.T) {
	const never = time.Hour
	for _, c := range []struct {
		name    string
		answers []answer
		ends    time.Duration // from the start
	}{
		{"no engine ever comes", []answer{refused}, 8 * time.Second},
		{"the engine goes away", []answer{there, there, refused}, 6 * time.Second},
		{"the engine comes late", []answer{refused, refused, refused, there}, never},
		{"the engine misses one of two", []answer{there, refused, there, refused, there}, never},
		{"the engine is slow", []answer{slow}, never},
		{"the engine is slow and goes away", []answer{slow, refused}, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				s := serveIn(t, answering(c.answers...))
				select {
				case err := <-s.ended:
					if took := time.Since(start); took != c.ends || err != nil {
						t.Errorf("ended after %v, want %v: %v", took, c.ends, err)
					}
					s.ended <- nil
				case <-time.After(never):
					if c.ends != never {
						t.Errorf("still serving, want an end after %v", c.ends)
					}
				}
				s.end(t)
			})
		})
	}
}

// TestSpeechless: what accepts a connection and never speaks is no engine, be it at the engine's address from the start or
// once the engine has gone.
func TestSpeechless(t *testing.T) {
	const ends = 7 * time.Second // of each, by itself; and no call is under way
	t.Run("from the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			listener := bufconn.Listen(1 << 10)
			start := time.Now()
			s := serveIn(t, pulse(dial(t, listener.DialContext)))
			if err := <-s.ended; err != nil || time.Since(start) != ends {
				t.Errorf("ended after %v, want %v: %v", time.Since(start), ends, err)
			}
		})
	})
	t.Run("after the engine", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			server, speechless := grpc.NewServer(), bufconn.Listen(1<<10)
			grpc_health_v1.RegisterHealthServer(server, grpc_health.NewServer())
			first := bufconn.Listen(1 << 10)
			go func() { _ = server.Serve(first) }()
			listener := first
			s := serveIn(t, pulse(dial(t, func(ctx context.Context) (net.Conn, error) { return listener.DialContext(ctx) })))
			time.Sleep(time.Hour) // since when it has answered
			select {
			case err := <-s.ended:
				t.Fatal("ended while the engine was there:", err)
			default:
			}
			listener = speechless
			server.Stop()
			start := time.Now()
			if err := <-s.ended; err != nil || time.Since(start) > ends {
				t.Errorf("ended after %v, want %v at most: %v", time.Since(start), ends, err)
			}
		})
	})
}

// TestDiesEarly: an engine that has connected and goes before it was ever seen healthy is gone.
func TestDiesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveIn(t, refused)
		if _, err := pulumirpc.NewAnalyzerClient(s).GetPluginInfo(t.Context(), &emptypb.Empty{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		start := time.Now()
		_ = s.Close()
		if err := <-s.ended; err != nil || time.Since(start) > 2*heartbeat {
			t.Errorf("ended after %v: %v", time.Since(start), err)
		}
	})
}

// TestConnected: who is connected is there, however long its first message takes to arrive, and so to be decoded.
func TestConnected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveIn(t, refused)
		defer s.end(t)
		// The header of a call is sent as the stream opens, its message later.
		call, err := s.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, pulumirpc.Analyzer_GetPluginInfo_FullMethodName)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if err := call.SendMsg(&emptypb.Empty{}); err != nil {
			t.Fatal(err)
		}
		if err := call.CloseSend(); err != nil {
			t.Fatal(err)
		}
		var info pulumirpc.PluginInfo
		if err := call.RecvMsg(&info); err != nil || info.GetVersion() != "1.2.3" {
			t.Errorf("%v, %v", &info, err)
		}
	})
}

// TestGrace: a call that does not end keeps a pack that is to end for no longer than grace.
func TestGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := serveIn(t, there)
		call, err := s.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, pulumirpc.Analyzer_GetPluginInfo_FullMethodName)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // until the pack waits for the message
		start := time.Now()
		s.end(t)
		if took := time.Since(start); took != grace {
			t.Errorf("ended after %v, want %v", took, grace)
		}
		if err := call.RecvMsg(&pulumirpc.PluginInfo{}); status.Code(err) != codes.Unavailable {
			t.Errorf("the call ended with %v", err)
		}
	})
}

// TestBlocked: the pack ends although a policy does not, and its client has given up on it and gone.
func TestBlocked(t *testing.T) {
	for _, c := range []struct {
		name string
		gone bool // the client
	}{{"the client waits", false}, {"the client has gone", true}} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				s := serveIn(t, there, &policy.Policy{
					Name: "blocks", Level: policy.Mandatory, Reads: facts.TypeReads("t"),
					CheckResource: func(*policy.Pass) { <-release },
				})
				request := &pulumirpc.AnalyzeRequest{Type: "t", Properties: &structpb.Struct{
					Fields: map[string]*structpb.Value{"p": structpb.NewBoolValue(true)}}}
				go func() { _, _ = pulumirpc.NewAnalyzerClient(s).Analyze(t.Context(), request) }()
				synctest.Wait() // until the policy blocks
				if c.gone {
					_ = s.Close()
					synctest.Wait()
				}
				start := time.Now()
				s.end(t)
				if took := time.Since(start); took != grace {
					t.Errorf("ended after %v, want %v", took, grace)
				}
			})
		})
	}
}
