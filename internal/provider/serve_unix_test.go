//go:build unix

package provider

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"dynamoguard/internal/session"
)

// A preview is what there is around forwarders: the homes of Pulumi, and the session.
type preview struct {
	home, overlay string // the user's own home, and that which is laid over it
	state         *session.State
	socket        string
	end           func() // ends the session
}

// newPreview returns a preview with a plugin, of which the user's own home has the fake.
func newPreview(t testing.TB, folder, executable string, unforeseen ...string) *preview {
	t.Helper()
	short, err := os.MkdirTemp("", "f") // a socket's path has no more than 104 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(short) })
	p := &preview{
		home: filepath.Join(short, "home"), overlay: filepath.Join(short, "over"), socket: filepath.Join(short, "s"),
		state: session.New(true, unforeseen),
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, home := range []string{p.home, p.overlay} {
		plugin := filepath.Join(home, "plugins", folder)
		if err := errors.Join(os.MkdirAll(plugin, 0o700), os.Symlink(self, filepath.Join(plugin, executable))); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := net.Listen("unix", p.socket)
	if err != nil {
		t.Fatal(err)
	}
	go p.state.Serve(listener)
	p.end = func() { _ = listener.Close() }
	t.Cleanup(p.end)
	return p
}

// A running provider, be it forwarded or not.
type running struct {
	pulumirpc.ResourceProviderClient
	connection *grpc.ClientConn
	command    *exec.Cmd
	stdout     *bufio.Reader // behind the port
	stderr     *lines
	ended      chan error
}

// lines are what a process writes to stderr, a line at a time.
type lines struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	close(l.wrote)
	l.wrote = make(chan struct{})
	return len(p), nil
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// wait waits until something was written.
func (l *lines) wait(t testing.TB, what string) {
	t.Helper()
	for {
		l.mu.Lock()
		there, wrote := strings.Contains(l.text.String(), what), l.wrote
		l.mu.Unlock()
		if there {
			return
		}
		select {
		case <-wrote:
		case <-time.After(hang):
			t.Fatalf("%q was not written, but %q", what, l)
		}
	}
}

const (
	awsFolder, aws       = "resource-aws-v7.1.0", "pulumi-resource-aws"
	nativeFolder, native = "resource-aws-native-v1.79.0", "pulumi-resource-aws-native"
	plain                = `{"aws:index/getCallerIdentity:getCallerIdentity":{"accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/ci/me"}}`
)

// start starts what is at a path, as the engine would.
func (p *preview) start(t testing.TB, program string, environment ...string) *running {
	t.Helper()
	r := p.launch(t, program, environment...)
	r.dial(t)
	return r
}

// dial connects to a provider that serves.
func (r *running) dial(t testing.TB, options ...grpc.DialOption) {
	t.Helper()
	port, err := r.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("no port: %v\n%s", err, r.stderr)
	}
	if _, err := strconv.ParseUint(strings.TrimSpace(port), 10, 16); err != nil {
		t.Fatal(err)
	}
	options = append(options,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20)))
	r.connection, err = grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.connection.Close() })
	r.ResourceProviderClient = pulumirpc.NewResourceProviderClient(r.connection)
}

// launch starts what is at a path, and reads nothing of it.
func (p *preview) launch(t testing.TB, program string, environment ...string) *running {
	t.Helper()
	engine, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = engine.Close() })
	r := &running{command: exec.Command(program, "-v=9", engine.Addr().String()), stderr: &lines{wrote: make(chan struct{})}, ended: make(chan error, 1)}
	r.command.Dir = p.home
	r.command.Env = append(os.Environ(), "PULUMI_CREDENTIALS_PATH="+p.home, fakeCaller+"="+plain)
	if strings.HasPrefix(program, p.overlay) {
		r.command.Env = append(r.command.Env, session.Variable+"="+p.socket, session.HomeVariable+"="+p.home, "PULUMI_HOME="+p.overlay)
	}
	r.command.Env = append(r.command.Env, environment...)
	r.command.Stderr = r.stderr
	r.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // as the engine does
	out, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout, r.command.Stdout = bufio.NewReader(out), w
	if err := r.command.Start(); err != nil {
		t.Fatal(err)
	}
	_ = w.Close()
	go func() { r.ended <- r.command.Wait() }()
	t.Cleanup(func() {
		_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL)
		_ = out.Close()
	})
	return r
}

func (p *preview) forwarder() string { return filepath.Join(p.overlay, "plugins", awsFolder, aws) }
func (p *preview) provider() string  { return filepath.Join(p.home, "plugins", awsFolder, aws) }

// wait waits for a process to end, and returns its exit code.
func (r *running) wait(t testing.TB) int {
	t.Helper()
	select {
	case <-r.ended:
		return r.command.ProcessState.ExitCode()
	case <-time.After(hang):
		t.Fatal("it does not end")
		return 0
	}
}

// started tells how the real provider was started.
func (r *running) started(t *testing.T) (s started) {
	t.Helper()
	a, err := r.GetSchema(t.Context(), &pulumirpc.GetSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(a.GetSchema()), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

// TestStarted: the provider cannot tell that it was started by a forwarder.
func TestStarted(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	r := p.start(t, p.forwarder(), "DYNAMOGUARD_SOMETHING=1", "PULUMI_CONFIG={}")
	folder := filepath.Dir(p.forwarder())
	_, err := r.Handshake(t.Context(), &pulumirpc.ProviderHandshakeRequest{RootDirectory: &folder, ProgramDirectory: &folder})
	if err != nil {
		t.Fatal(err)
	}
	got := r.started(t)
	own := filepath.Dir(p.provider())
	if got.ProcessID == r.command.Process.Pid {
		t.Error("the forwarder is the provider")
	}
	want := started{
		Args: append([]string{p.provider()}, r.command.Args[1:]...), Working: p.home, Root: own, Program: own, ProcessID: got.ProcessID,
		Environment: []string{"PULUMI_CREDENTIALS_PATH=" + p.home, "PULUMI_CONFIG={}", "PULUMI_HOME=" + p.home},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := p.state.Forwarders(); n != 1 {
		t.Errorf("%d forwarders take part", n)
	}
	line, err := r.stdout.ReadString('\n')
	if line != "fake: serving\n" || err != nil {
		t.Errorf("%q, %v on stdout", line, err)
	}
	r.stderr.wait(t, "fake: starting\n")
}

// BenchmarkStart is what a forwarder adds to the start of a provider, to its first answer.
func BenchmarkStart(b *testing.B) {
	p := newPreview(b, awsFolder, aws)
	for _, program := range []string{p.provider(), p.forwarder()} {
		b.Run(filepath.Base(filepath.Dir(filepath.Dir(filepath.Dir(program)))), func(b *testing.B) {
			for b.Loop() {
				r := p.start(b, program)
				if _, err := r.Handshake(b.Context(), &pulumirpc.ProviderHandshakeRequest{}); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				_ = syscall.Kill(-r.command.Process.Pid, syscall.SIGKILL)
				r.wait(b)
				b.StartTimer()
			}
		})
	}
}

// TestEnds: the processes end together, whichever is ended and however.
func TestEnds(t *testing.T) {
	for _, c := range []struct {
		name   string
		end    func(p *preview, forwarder, provider int) error
		code   int // of the forwarder; -1 of a signal
		stderr string
	}{
		{"the engine interrupts the group", func(_ *preview, f, _ int) error { return syscall.Kill(-f, syscall.SIGINT) }, 0,
			"fake: starting\nfake: interrupt\n"},
		{"terminated", func(_ *preview, f, _ int) error { return syscall.Kill(f, syscall.SIGTERM) }, 0,
			"fake: starting\nfake: terminated\n"},
		{"killed", func(_ *preview, f, _ int) error { return syscall.Kill(f, syscall.SIGKILL) }, -1, "fake: starting\n"},
		{"the provider is killed", func(_ *preview, _, r int) error { return syscall.Kill(r, syscall.SIGKILL) }, 137,
			"fake: starting\ndynamoguard: the provider was ended by a signal: killed\n"},
		{"the provider is interrupted", func(_ *preview, _, r int) error { return syscall.Kill(r, syscall.SIGINT) }, 0,
			"fake: starting\nfake: interrupt\n"},
		{"the session ends", func(p *preview, _, _ int) error { p.end(); return nil }, 0, "fake: starting\nfake: interrupt\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPreview(t, awsFolder, aws)
			r := p.start(t, p.forwarder())
			provider := r.started(t).ProcessID
			if err := c.end(p, r.command.Process.Pid, provider); err != nil {
				t.Fatal(err)
			}
			if code := r.wait(t); code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			if got := r.stderr.String(); got != c.stderr {
				t.Errorf("%q on stderr, want %q", got, c.stderr)
			}
			// Its end of the pipe is closed once the provider has ended too.
			if _, err := io.Copy(io.Discard, r.stdout); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestStubborn: a provider that is told to end, and does not, is killed before the engine would kill the forwarder.
func TestStubborn(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	r := p.start(t, p.forwarder(), fakeStart+"=stay")
	r.started(t)
	if err := syscall.Kill(-r.command.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if code := r.wait(t); code != 137 {
		t.Errorf("exit code %d", code)
	}
	if got := r.stderr.String(); got != "fake: starting\nfake: interrupt\n" {
		t.Errorf("%q on stderr", got)
	}
}

// TestNotStarted: what keeps a provider from serving is told as the engine would tell it of the provider itself.
func TestNotStarted(t *testing.T) {
	gone := newPreview(t, awsFolder, aws)
	gone.end()
	bare := newPreview(t, awsFolder, aws)
	if err := os.RemoveAll(filepath.Dir(bare.provider())); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name           string
		preview        *preview
		environment    string
		code           int
		stdout, stderr string
	}{
		{"it exits", nil, fakeStart + "=exit", 7, "", "fake: starting\n"},
		{"it writes something else", nil, fakeStart + "=speak", 0, "Hello.\n", "fake: starting\n"},
		{"no session", gone, "", 1, "", "dynamoguard: take part in the preview: dial unix " + gone.socket + ": connect: no such file or directory\n"},
		{"no home", nil, session.HomeVariable + "=", 1, "", "dynamoguard: DYNAMOGUARD_PULUMI_HOME does not say where the real provider is\n"},
		{"no provider", bare, "", 1, "", "dynamoguard: start the provider: fork/exec " + bare.provider() + ": no such file or directory\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.preview
			if p == nil {
				p = newPreview(t, awsFolder, aws)
			}
			r := p.launch(t, p.forwarder(), c.environment)
			stdout, err := io.ReadAll(r.stdout)
			if err != nil {
				t.Fatal(err)
			}
			code := r.wait(t)
			if string(stdout) != c.stdout || r.stderr.String() != c.stderr || code != c.code {
				t.Errorf("exit code %d, stdout %q, stderr %q\nwant %d, %q, %q", code, stdout, r.stderr, c.code, c.stdout, c.stderr)
			}
		})
	}
}

// TestKilled: what waits for a provider that is killed fails as it does without a forwarder.
func TestKilled(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	var codesOf []codes.Code
	for _, program := range []string{p.provider(), p.forwarder()} {
		r := p.start(t, program)
		failed := make(chan error, 1)
		go func() {
			_, err := r.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "fake:index:wait"})
			failed <- err
		}()
		r.stderr.wait(t, "fake: waiting")
		if err := syscall.Kill(r.started(t).ProcessID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		codesOf = append(codesOf, status.Code(<-failed))
		r.wait(t)
		_, err := r.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "fake:index:any"})
		codesOf = append(codesOf, status.Code(err))
	}
	want := []codes.Code{codes.Unavailable, codes.Unavailable, codes.Unavailable, codes.Unavailable}
	if diff := cmp.Diff(want, codesOf); diff != "" {
		t.Error(diff)
	}
	r := p.start(t, p.forwarder())
	if _, err := r.Invoke(t.Context(), &pulumirpc.InvokeRequest{Tok: "fake:index:exit"}); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if code := r.wait(t); code != 9 {
		t.Errorf("exit code %d, want the provider's", code)
	}
}

// TestCall: a call is what it is without a forwarder: metadata both ways, deadlines, cancellation, size.
func TestCall(t *testing.T) {
	p := newPreview(t, awsFolder, aws)
	r := p.start(t, p.forwarder())
	t.Run("metadata", func(t *testing.T) {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-given", "one", "x-given", "two")
		var header, trailer metadata.MD
		_, err := r.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "fake:index:metadata"}, grpc.Header(&header), grpc.Trailer(&trailer))
		if err != nil {
			t.Fatal(err)
		}
		got := [][]string{header["x-header"], trailer["x-trailer-bin"]}
		if diff := cmp.Diff([][]string{{"one", "two"}, {"\x00\x01"}}, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("deadline", func(t *testing.T) {
		for _, want := range []bool{true, false} {
			ctx, cancel := context.WithCancel(t.Context())
			if want {
				ctx, cancel = context.WithTimeout(t.Context(), hang)
			}
			a, err := r.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "fake:index:deadline"})
			cancel()
			if got := a.GetReturn().GetFields()["deadline"].GetBoolValue(); got != want || err != nil {
				t.Errorf("deadline: %v, want %v; %v", got, want, err)
			}
		}
	})
	t.Run("cancellation", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := r.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "fake:index:wait"})
			failed <- err
		}()
		r.stderr.wait(t, "fake: waiting")
		cancel()
		if err := <-failed; status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		r.stderr.wait(t, "fake: waited: context canceled")
	})
	t.Run("size", func(t *testing.T) {
		large := strings.Repeat("x", 9<<20) // gRPC's own limit is 4 MB
		a, err := r.Update(t.Context(), &pulumirpc.UpdateRequest{Preview: true, News: object("text", large)})
		if err != nil || a.GetProperties().GetFields()["text"].GetStringValue() != large {
			t.Errorf("%d bytes, %v", proto.Size(a), err)
		}
	})
	t.Run("a stream of answers", func(t *testing.T) {
		s, err := r.List(t.Context(), &pulumirpc.ListRequest{})
		if err != nil {
			t.Fatal(err)
		}
		header, err := s.Header()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for err == nil {
			if _, err = s.Recv(); err == nil {
				n++
			}
		}
		got := fmt.Sprint(header["x-header"], n, err, s.Trailer()["x-trailer"])
		if want := "[listing] 3 rpc error: code = ResourceExhausted desc = there are more [listed]"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
	t.Run("streams in turn", func(t *testing.T) {
		s, err := r.connection.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/pulumirpc.Future/Talk")
		if err != nil {
			t.Fatal(err)
		}
		said := func(want string) {
			var got wrapperspb.StringValue
			if err := s.RecvMsg(&got); err != nil || got.GetValue() != want {
				t.Errorf("%q, %v; want %q", got.GetValue(), err, want)
			}
		}
		for _, word := range []string{"one", "two"} {
			if err := s.SendMsg(wrapperspb.String(word)); err != nil {
				t.Fatal(err)
			}
			said(strings.ToUpper(word))
		}
		if err := s.CloseSend(); err != nil {
			t.Fatal(err)
		}
		said("bye")
		if err := s.RecvMsg(&emptypb.Empty{}); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	})
	t.Run("a canceled stream", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s, err := r.connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/pulumirpc.Future/Talk")
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := s.RecvMsg(&emptypb.Empty{}); status.Code(err) != codes.Canceled {
			t.Error(err)
		}
	})
	t.Run("an unknown method", func(t *testing.T) {
		err := r.connection.Invoke(t.Context(), "/pulumirpc.ResourceProvider/Divine", &emptypb.Empty{}, &emptypb.Empty{})
		if want := "rpc error: code = Unimplemented desc = unknown method Divine for service pulumirpc.ResourceProvider"; err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	})
}

// TestHeld: a lookup for what the run would create is not answered until the call, or the preview, is canceled; the session is asked
// to start again.
func TestHeld(t *testing.T) {
	for _, c := range []struct {
		name string
		end  func(t *testing.T, r *running, cancel func())
		code codes.Code
	}{
		{"the caller gives up", func(_ *testing.T, _ *running, cancel func()) { cancel() }, codes.Canceled},
		{"the engine cancels", func(t *testing.T, r *running, _ func()) {
			if _, err := r.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
				t.Error(err)
			}
			r.stderr.wait(t, "fake: canceled")
		}, codes.Canceled},
		{"the provider ends", func(t *testing.T, r *running, _ func()) {
			if err := syscall.Kill(r.started(t).ProcessID, syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}, codes.Canceled},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPreview(t, awsFolder, aws)
			r := p.start(t, p.forwarder())
			configure(t, r)
			create(t, r, tableURN, map[string]any{"name": "orders", "arn": unknown})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			failed := make(chan error, 1)
			go func() {
				args, err := structpb.NewStruct(map[string]any{"filter": []any{map[string]any{
					"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "value": tableARN + "/index/by-day"}}})
				if err == nil {
					_, err = r.Invoke(ctx, &pulumirpc.InvokeRequest{Tok: "aws:backup/getSelection:getSelection", Args: args})
				}
				failed <- err
			}()
			want := session.Again{Token: "aws:backup/getSelection:getSelection", URNs: []string{tableURN}}
			if diff := cmp.Diff(want, <-p.state.Again()); diff != "" {
				t.Error(diff)
			}
			select {
			case err := <-failed:
				t.Fatal("it was answered:", err)
			default:
			}
			c.end(t, r, cancel)
			if err := <-failed; status.Code(err) != c.code {
				t.Error(err)
			}
		})
	}
}

const (
	unknown  = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
	tableURN = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	tableARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
)

func configure(t *testing.T, r *running) {
	t.Helper()
	urn := "urn:pulumi:dev::shop::pulumi:providers:aws::main"
	if _, err := r.Configure(t.Context(), &pulumirpc.ConfigureRequest{Urn: &urn, Args: object("region", "eu-west-1")}); err != nil {
		t.Fatal(err)
	}
}

func create(t *testing.T, r *running, urn string, properties map[string]any) *pulumirpc.CreateResponse {
	t.Helper()
	s, err := structpb.NewStruct(properties)
	if err != nil {
		t.Fatal(err)
	}
	a, err := r.Create(t.Context(), &pulumirpc.CreateRequest{Urn: urn, Properties: s, Preview: true})
	if err != nil {
		t.Fatal(err)
	}
	return a
}
