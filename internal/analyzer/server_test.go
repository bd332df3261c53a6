package analyzer_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

var update = flag.Bool("update", false, "write the golden files")

// An instance is a served pack.
type instance struct {
	pulumirpc.AnalyzerClient
	ended chan error // what Serve returned
}

// serve starts the pack for some engine and connects to the port it prints.
func serve(t *testing.T, all []*policy.Policy) instance {
	t.Helper()
	address, _ := someEngine(t)
	return serveFor(t, t.Context(), address, all)
}

func serveFor(t *testing.T, ctx context.Context, engineAddress string, all []*policy.Policy) instance {
	t.Helper()
	stdout, printed := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- analyzer.Serve(ctx, engineAddress, "1.2.3", engine.New(all, time.Now), func() {}, printed, io.Discard)
	}()
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	connection, err := grpc.NewClient("127.0.0.1:"+strings.TrimSpace(port),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	return instance{pulumirpc.NewAnalyzerClient(connection), ended}
}

// wait fails if Serve does not return.
func (i instance) wait(t *testing.T) {
	t.Helper()
	select {
	case err := <-i.ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("still serving")
	}
}

// someEngine starts an engine, which knows no call, and returns its address. The pack ends with it, and not before.
func someEngine(t *testing.T, options ...grpc.ServerOption) (address string, stop func()) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(options...)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String(), server.Stop
}

// TestAnalyzerInfo holds what the engine and Pulumi Cloud are told to testdata/rpc/info.json.
func TestAnalyzerInfo(t *testing.T) {
	const golden = "../../testdata/rpc/info.json"
	pack := serve(t, policies.All())
	info, err := pack.GetAnalyzerInfo(t.Context(), &emptypb.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	compact, err := protojson.Marshal(info)
	if err != nil {
		t.Fatal(err)
	}
	var indented bytes.Buffer // protojson's own spacing varies on purpose
	if err := json.Indent(&indented, compact, "", "  "); err != nil {
		t.Fatal(err)
	}
	indented.WriteByte('\n')
	if *update {
		if err := os.WriteFile(golden, indented.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var want pulumirpc.AnalyzerInfo
	if err := protojson.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, info, protocmp.Transform()); diff != "" || !bytes.Equal(data, indented.Bytes()) {
		t.Errorf("run go test ./internal/analyzer -run TestAnalyzerInfo -update (-want +got):\n%s", diff)
	}
}

// TestAnyOrder calls everything with nothing before it, empty requests included.
func TestAnyOrder(t *testing.T) {
	pack := serve(t, policies.All())
	ctx := t.Context()
	for name, call := range map[string]func() (proto.Message, error){
		"AnalyzeStack": func() (proto.Message, error) { return pack.AnalyzeStack(ctx, &pulumirpc.AnalyzeStackRequest{}) },
		"AnalyzeStack of nothing": func() (proto.Message, error) {
			return pack.AnalyzeStack(ctx, &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{{}}})
		},
		"Analyze":   func() (proto.Message, error) { return pack.Analyze(ctx, &pulumirpc.AnalyzeRequest{}) },
		"Remediate": func() (proto.Message, error) { return pack.Remediate(ctx, &pulumirpc.AnalyzeRequest{}) },
		"Configure": func() (proto.Message, error) { return pack.Configure(ctx, &pulumirpc.ConfigureAnalyzerRequest{}) },
		"ConfigureStack": func() (proto.Message, error) {
			return pack.ConfigureStack(ctx, &pulumirpc.AnalyzerStackConfigureRequest{})
		},
		"Handshake":     func() (proto.Message, error) { return pack.Handshake(ctx, &pulumirpc.AnalyzerHandshakeRequest{}) },
		"GetPluginInfo": func() (proto.Message, error) { return pack.GetPluginInfo(ctx, &emptypb.Empty{}) },
	} {
		if _, err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := pack.GetPluginInfo(ctx, &emptypb.Empty{})
	if diff := cmp.Diff(&pulumirpc.PluginInfo{Version: "1.2.3"}, info, protocmp.Transform()); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// TestAnalyze compares whole responses, of one policy of each kind: one that passes, one that does not, one that does not
// judge tables, and two that judge no single resource.
func TestAnalyze(t *testing.T) {
	pack := serve(t, []*policy.Policy{
		policies.IAMDocument, policies.IAMSensitiveAction, policies.TablePointInTimeRecovery, policies.TableEncryption, policies.DynamoGuard,
	})
	inputs, err := structpb.NewStruct(map[string]any{
		"name": "orders", "pointInTimeRecovery": map[string]any{"enabled": true},
	})
	if err != nil {
		t.Fatal(err)
	}
	const urn = "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders"
	request := &pulumirpc.AnalyzeRequest{Type: "aws:dynamodb/table:Table", Urn: urn, Name: "orders", Properties: inputs}
	got, err := pack.Analyze(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	want := &pulumirpc.AnalyzeResponse{
		Diagnostics: []*pulumirpc.AnalyzeDiagnostic{{
			PolicyName: "table-encryption", PolicyPackName: "dynamoguard", PolicyPackVersion: "1.2.3",
			Description: "Tables and their replicas are encrypted with a key that can be audited",
			Message: "serverSideEncryption is not set: the table is encrypted with the AWS-owned key, which nobody can " +
				"audit or revoke; set serverSideEncryption.enabled to true, and serverSideEncryption.kmsKeyArn to a customer managed key where " +
				"another account reads the table. SOC 2: C1.1, CC6.1",
			EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY,
			Severity:         pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH,
			Urn:              urn,
		}},
		NotApplicable: []*pulumirpc.PolicyNotApplicable{
			{PolicyName: "iam-document", Reason: "does not judge aws:dynamodb/table:Table"},
		},
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	remediated, err := pack.Remediate(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	const reason = "does not remediate"
	nothing := &pulumirpc.RemediateResponse{NotApplicable: []*pulumirpc.PolicyNotApplicable{
		{PolicyName: "iam-document", Reason: reason}, {PolicyName: "iam-sensitive-action", Reason: reason},
		{PolicyName: "table-point-in-time-recovery", Reason: reason}, {PolicyName: "table-encryption", Reason: reason},
		{PolicyName: "dynamoguard", Reason: reason},
	}}
	if diff := cmp.Diff(nothing, remediated, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRefusedConfiguration(t *testing.T) {
	pack := serve(t, policies.All())
	properties, err := structpb.NewStruct(map[string]any{"minimumkey": "customer"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pack.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		"table-encryption": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: properties},
	}})
	want := status.Error(codes.InvalidArgument, "dynamoguard cannot use its configuration:\n"+
		`  table-encryption.minimumkey is not a property; did you mean "minimumKey"?`)
	if diff := cmp.Diff(want.Error(), err.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestForgedConfiguration: a name in the configuration can neither begin a line of its own nor reach the terminal as it is.
func TestForgedConfiguration(t *testing.T) {
	pack := serve(t, policies.All())
	properties, err := structpb.NewStruct(map[string]any{"days\n  all is well\x1b[2J": 1, "minimumkey": "customer"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pack.Configure(t.Context(), &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		"table-encryption": {EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY, Properties: properties},
	}})
	want := status.Error(codes.InvalidArgument, "dynamoguard cannot use its configuration:\n"+
		`  table-encryption.days\u000a  all is well\u001b[2J is not a property; there are: allowedKeys, exemptions, keyAccounts, minimumKey, outOfScope, remediationKeys, unknown`+"\n"+
		`  table-encryption.minimumkey is not a property; did you mean "minimumKey"?`)
	if diff := cmp.Diff(want.Error(), err.Error()); diff != "" {
		t.Error(diff)
	}
}

// TestPanics: a policy that panics does not end the process, and what the panic holds is not shown.
func TestPanics(t *testing.T) {
	bad := &policy.Policy{
		Name: "bad", Level: policy.Mandatory, Reads: facts.TypeReads("t"),
		CheckResource: func(*policy.Pass) { panic("hush") },
	}
	pack := serve(t, []*policy.Policy{bad})
	got, err := pack.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{
		Type: "t", Urn: "u", Properties: &structpb.Struct{Fields: map[string]*structpb.Value{"p": structpb.NewBoolValue(true)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := &pulumirpc.AnalyzeResponse{Diagnostics: []*pulumirpc.AnalyzeDiagnostic{{
		PolicyName: "bad", PolicyPackName: "dynamoguard", PolicyPackVersion: "1.2.3", Urn: "u",
		Message:          "could not be judged: the policy itself failed (string): this is a bug in dynamoguard",
		EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY,
		Severity:         pulumirpc.PolicySeverity_POLICY_SEVERITY_LOW,
	}}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestForgedOutput: text of a program reaches the wire as UTF-8, and the terminal without control characters.
func TestForgedOutput(t *testing.T) {
	pack := serve(t, []*policy.Policy{policies.TableNameCollision})
	request := func(name string, region *structpb.Value) *pulumirpc.AnalyzeRequest {
		return &pulumirpc.AnalyzeRequest{
			Type: "aws:dynamodb/table:Table", Urn: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::" + name, Name: name,
			Properties: &structpb.Struct{Fields: map[string]*structpb.Value{
				"name": structpb.NewStringValue("orders"), "region": region,
				"pointInTimeRecovery": structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
					"enabled": structpb.NewBoolValue(true)}}),
				"serverSideEncryption": structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
					"enabled": structpb.NewBoolValue(true)}}),
			}},
			Provider: &pulumirpc.AnalyzerProviderResource{Urn: "urn:pulumi:dev::shop::pulumi:providers:aws::p"},
		}
	}
	bytes := structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
		"4dabf18193072939515e22adb298388d": structpb.NewStringValue("803fd3297a5875dc03ca845dda5d2a98"),
		"value":                            structpb.NewStringValue("//4="),
	}})
	for shown, region := range map[string]*structpb.Value{
		`us\u000a\u001b[31mfine`: structpb.NewStringValue("us\n\x1b[31mfine"),
		`\ufffd\ufffd`:           bytes,
	} {
		for _, name := range []string{shown + "1", shown + "2"} {
			response, err := pack.Analyze(t.Context(), request(name, region))
			if err != nil {
				t.Fatal(err)
			}
			if name == shown+"1" {
				continue
			}
			if len(response.Diagnostics) != 1 || !strings.Contains(response.Diagnostics[0].Message, "region "+shown+",") {
				t.Errorf("want a collision in %s, got %v", shown, response.Diagnostics)
			}
		}
	}
}

// TestForgedReason: the reason why a policy does not judge is text of a program too.
func TestForgedReason(t *testing.T) {
	pack := serve(t, policies.All())
	response, err := pack.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{Type: "a\n\x1b[2J:b:c"})
	if err != nil {
		t.Fatal(err)
	}
	if len(response.NotApplicable) == 0 {
		t.Error("every policy judges a type that there is not")
	}
	for _, n := range response.NotApplicable {
		if want := `does not judge a\u000a\u001b[2J:b:c`; n.Reason != want && n.Reason != "disabled by configuration" {
			t.Errorf("%s: %s, want %s", n.PolicyName, n.Reason, want)
		}
	}
}

// TestLargeMessages: a stack outgrows gRPC's own limit of 4 MB.
func TestLargeMessages(t *testing.T) {
	pack := serve(t, policies.All())
	properties, err := structpb.NewStruct(map[string]any{"policy": strings.Repeat("[", 32<<20)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pack.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{
		Resources: []*pulumirpc.AnalyzerResource{{Type: "aws:iam/policy:Policy", Properties: properties}},
	})
	if err != nil {
		t.Error(err)
	}
}

func TestEnds(t *testing.T) {
	t.Run("on Cancel, which is answered", func(t *testing.T) {
		pack := serve(t, policies.All())
		if _, err := pack.Cancel(t.Context(), &emptypb.Empty{}); err != nil {
			t.Error(err)
		}
		pack.wait(t)
	})
	t.Run("on a signal", func(t *testing.T) {
		ctx, signal := context.WithCancel(t.Context())
		address, _ := someEngine(t)
		pack := serveFor(t, ctx, address, policies.All())
		signal()
		pack.wait(t)
	})
	t.Run("when the engine goes away", func(t *testing.T) {
		asked := make(chan struct{})
		address, stop := someEngine(t, grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error {
			asked <- struct{}{}
			return status.Error(codes.Unimplemented, "no health service")
		}))
		pack := serveFor(t, t.Context(), address, policies.All())
		<-asked
		<-asked // so the first was answered
		stop()
		pack.wait(t)
	})
}
