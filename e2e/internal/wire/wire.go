// Package wire talks to an analyzer plugin over its protocol, as the engine
// does, without an engine.
package wire

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/e2e/internal/harness"
)

// patience bounds every wait for a process. Only one that hangs takes as long.
const patience = 2 * time.Minute

// Engine serves what a plugin asks of an engine, which is whether it is
// healthy, and returns its address.
func Engine(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go server.Serve(listener) //nolint:errcheck // ends with Stop
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

// Plugin is a running analyzer plugin.
type Plugin struct {
	pulumirpc.AnalyzerClient

	Ready time.Duration // from the process's start to its answer to Handshake
	Home  string        // of its user, whose cache folder is below it

	t       testing.TB
	command *exec.Cmd
	mu      sync.Mutex
	stdout  bytes.Buffer
	ended   chan struct{}
}

// Start runs an analyzer with the given arguments and shakes hands. It is
// ended with the test.
func Start(t testing.TB, binary string, args ...string) *Plugin {
	t.Helper()
	var engine string
	if len(args) > 0 {
		engine = args[len(args)-1]
	}
	return StartCommand(t, exec.Command(binary, args...), engine)
}

// StartCommand runs a command that starts an analyzer for an engine, and shakes
// hands. Its environment is that of the tests.
func StartCommand(t testing.TB, command *exec.Cmd, engine string) *Plugin {
	t.Helper()
	state := t.TempDir() // of no stack
	if err := os.Mkdir(filepath.Join(state, ".pulumi"), 0o700); err != nil {
		t.Fatal(err)
	}
	p := &Plugin{t: t, command: command, ended: make(chan struct{}), Home: t.TempDir()}
	p.command.Env = append(os.Environ(), "HOME="+p.Home, "PULUMI_HOME="+t.TempDir(), "XDG_CACHE_HOME=", "PULUMI_BACKEND_URL=file://"+state)
	p.command.Stderr = os.Stderr
	stdout, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	port := make(chan string, 1)
	go func() {
		defer close(p.ended)
		reader := bufio.NewReader(stdout)
		line, _ := reader.ReadString('\n')
		p.printed(line)
		port <- strings.TrimSpace(line)
		rest, _ := io.ReadAll(reader)
		p.printed(string(rest))
		_ = p.command.Wait() // ExitCode tells
	}()
	t.Cleanup(func() {
		_ = p.command.Process.Kill() // it may have ended
		<-p.ended
	})

	var number string
	select {
	case number = <-port:
	case <-time.After(patience):
		t.Fatalf("%s printed no port", p.command)
	}
	if _, err := strconv.ParseUint(number, 10, 16); err != nil {
		t.Fatalf("%s printed %q for a port", p.command, number)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+number, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(400<<20), grpc.MaxCallSendMsgSize(400<<20)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	p.AnalyzerClient = pulumirpc.NewAnalyzerClient(connection)
	// The engine takes it that a pack does not know of the handshake, as those for Node do not.
	_, err = p.Handshake(t.Context(), &pulumirpc.AnalyzerHandshakeRequest{EngineAddress: engine})
	if err != nil && status.Code(err) != codes.Unimplemented {
		t.Fatal(err)
	}
	p.Ready = time.Since(start)
	return p
}

// Only has the plugin judge by some policies and dynamoguard, and no other.
func (p *Plugin) Only(about harness.About) {
	p.t.Helper()
	config := map[string]*pulumirpc.PolicyConfig{}
	for _, other := range about.Others(p.t) {
		config[other] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_DISABLED}
	}
	if _, err := p.Configure(p.t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config}); err != nil {
		p.t.Fatal(err)
	}
}

func (p *Plugin) printed(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stdout.WriteString(text)
}

// Stdout returns what the plugin has printed to it.
func (p *Plugin) Stdout() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stdout.String()
}

// Signal sends the process a signal.
func (p *Plugin) Signal(signal os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
}

// WaitEnd waits for the process to end and returns its exit code.
func (p *Plugin) WaitEnd() int {
	p.t.Helper()
	select {
	case <-p.ended:
		return p.command.ProcessState.ExitCode()
	case <-time.After(patience):
		p.t.Fatalf("the plugin still runs after %s", patience)
		return -1
	}
}

// PeakMemory returns the most memory that the process has had resident so far,
// in bytes. It is known on Linux only.
func (p *Plugin) PeakMemory() int64 {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "\nVmHWM:")
	kilobytes, _, _ := strings.Cut(after, " kB")
	n, err := strconv.ParseInt(strings.TrimSpace(kilobytes), 10, 64)
	if err != nil {
		p.t.Fatalf("peak memory: %v", err)
	}
	return n << 10
}

// Alive reports whether the process has not ended.
func (p *Plugin) Alive() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// Request returns the engine's request for a resource of the tests' stack,
// managed by the given provider; nil properties and provider are left out.
func Request(t testing.TB, typ, name string, properties resource.PropertyMap, provider *pulumirpc.AnalyzerProviderResource) *pulumirpc.AnalyzeRequest {
	t.Helper()
	return &pulumirpc.AnalyzeRequest{
		Type: typ, Name: name, Urn: URN(typ, name), Properties: Marshal(t, properties),
		Options: &pulumirpc.AnalyzerResourceOptions{}, Provider: provider,
	}
}

// Stacked returns the request's resource as AnalyzeStack takes it.
func Stacked(request *pulumirpc.AnalyzeRequest) *pulumirpc.AnalyzerResource {
	return &pulumirpc.AnalyzerResource{
		Type: request.Type, Name: request.Name, Urn: request.Urn, Properties: request.Properties,
		Options: request.Options, Provider: request.Provider,
	}
}

// AWS returns an aws provider of a region.
func AWS(t testing.TB, region string) *pulumirpc.AnalyzerProviderResource {
	t.Helper()
	const typ = "pulumi:providers:aws"
	return &pulumirpc.AnalyzerProviderResource{
		Type: typ, Name: region, Urn: URN(typ, region),
		Properties: Marshal(t, resource.PropertyMap{"region": resource.NewProperty(region)}),
	}
}

// URN returns the URN of a resource of the tests' stack.
func URN(typ, name string) string {
	return fmt.Sprintf("urn:pulumi:%s::%s::%s::%s", harness.StackName, harness.Project, typ, name)
}

// Marshal encodes properties with the options of the engine's own client.
func Marshal(t testing.TB, properties resource.PropertyMap) *structpb.Struct {
	t.Helper()
	encoded, err := plugin.MarshalProperties(properties,
		plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true, SkipInternalKeys: true})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// Judge sends a resource through Remediate and Analyze, as the engine does,
// and returns the diagnostics as "level severity policy: message", sorted.
func (p *Plugin) Judge(ctx context.Context, request *pulumirpc.AnalyzeRequest) []string {
	p.t.Helper()
	if _, err := p.Remediate(ctx, request); err != nil {
		p.t.Fatalf("Remediate %s: %v", request.GetUrn(), err)
	}
	response, err := p.Analyze(ctx, request)
	if err != nil {
		p.t.Fatalf("Analyze %s: %v", request.GetUrn(), err)
	}
	return Lines(response.GetDiagnostics())
}

// Lines writes diagnostics as "level severity policy: message", sorted.
func Lines(diagnostics []*pulumirpc.AnalyzeDiagnostic) []string {
	var lines []string
	for _, d := range diagnostics {
		severity := strings.TrimPrefix(d.GetSeverity().String(), "POLICY_SEVERITY_")
		lines = append(lines, strings.ToLower(d.GetEnforcementLevel().String()+" "+severity)+
			" "+d.GetPolicyName()+": "+d.GetMessage())
	}
	slices.Sort(lines)
	return lines
}
