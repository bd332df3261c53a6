package analyzer_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/policies"
)

// configuration is a request that sets the level of table-encryption, and some properties.
func configuration(t *testing.T, level pulumirpc.EnforcementLevel, properties map[string]any) *pulumirpc.ConfigureAnalyzerRequest {
	t.Helper()
	encoded, err := structpb.NewStruct(properties)
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
		"table-encryption": {EnforcementLevel: level, Properties: encoded},
	}}
}

// levels returns the levels of what is found in a table that is not encrypted.
func levels(t *testing.T, server *analyzer.Server) (levels []pulumirpc.EnforcementLevel) {
	t.Helper()
	response, err := server.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{
		Type: "aws:dynamodb/table:Table", Urn: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Name: "orders",
		Properties: &structpb.Struct{Fields: map[string]*structpb.Value{"name": structpb.NewStringValue("orders")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range response.GetDiagnostics() {
		levels = append(levels, d.GetEnforcementLevel())
	}
	return levels
}

var errConfigured = status.Error(codes.FailedPrecondition,
	"dynamoguard is configured already, and the first configuration holds; is the pack given twice?")

func onlyEncryption() *engine.Engine {
	return engine.New([]*policy.Policy{policies.TableEncryption, policies.DynamoGuard}, time.Now)
}

// TestFirstConfiguration: the first holds. A second is refused, be it no other, and changes nothing.
func TestFirstConfiguration(t *testing.T) {
	server := analyzer.NewServer(onlyEncryption(), "1.2.3", func() {})
	first := configuration(t, pulumirpc.EnforcementLevel_MANDATORY, nil)
	if _, err := server.Configure(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	for _, second := range []*pulumirpc.ConfigureAnalyzerRequest{
		configuration(t, pulumirpc.EnforcementLevel_DISABLED, nil),
		configuration(t, pulumirpc.EnforcementLevel_ADVISORY, map[string]any{"minimumkey": "customer"}),
		first,
		{},
	} {
		if _, err := server.Configure(t.Context(), second); fmt.Sprint(err) != errConfigured.Error() {
			t.Errorf("%v, want %v", err, errConfigured)
		}
	}
	if diff := cmp.Diff([]pulumirpc.EnforcementLevel{pulumirpc.EnforcementLevel_MANDATORY}, levels(t, server)); diff != "" {
		t.Error(diff)
	}
}

// TestFailedConfiguration: after a configuration that was refused nothing is judged, until one is accepted.
func TestFailedConfiguration(t *testing.T) {
	server := analyzer.NewServer(onlyEncryption(), "1.2.3", func() {})
	const want = "rpc error: code = InvalidArgument desc = dynamoguard cannot use its configuration:\n" +
		`  table-encryption.minimumkey is not a property; did you mean "minimumKey"?`
	analyze := func() error { _, err := server.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{}); return err }
	analyzeStack := func() error { _, err := server.AnalyzeStack(t.Context(), &pulumirpc.AnalyzeStackRequest{}); return err }
	configure := func() error {
		_, err := server.Configure(t.Context(),
			configuration(t, pulumirpc.EnforcementLevel_ADVISORY, map[string]any{"minimumkey": "customer"}))
		return err
	}
	for _, call := range []func() error{configure, analyze, analyzeStack, configure} {
		if err := call(); fmt.Sprint(err) != want {
			t.Errorf("%v, want %v", err, want)
		}
	}
	if _, err := server.Configure(t.Context(), configuration(t, pulumirpc.EnforcementLevel_ADVISORY, nil)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]pulumirpc.EnforcementLevel{pulumirpc.EnforcementLevel_ADVISORY}, levels(t, server)); diff != "" {
		t.Error(diff)
	}
}

// TestOneOfMany: of many at once, one configuration and one stack hold.
func TestOneOfMany(t *testing.T) {
	server := analyzer.NewServer(onlyEncryption(), "1.2.3", func() {})
	var configured, told atomic.Int64
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, err := server.Configure(context.Background(), &pulumirpc.ConfigureAnalyzerRequest{}); err == nil {
				configured.Add(1)
			}
			if _, err := server.ConfigureStack(context.Background(), &pulumirpc.AnalyzerStackConfigureRequest{}); err == nil {
				told.Add(1)
			}
		})
	}
	all.Wait()
	if configured.Load() != 1 || told.Load() != 1 {
		t.Errorf("%d configurations and %d stacks are accepted, want one of each", configured.Load(), told.Load())
	}
}

// TestReadsOnce: only what the engine configured first is read. The index that a second names is not, nor for another stack.
func TestReadsOnce(t *testing.T) {
	var read []string
	rules := engine.New(policies.All(), time.Now).In(engine.World{
		Load: func(s policy.IndexSettings, stack policy.StackContext) (policy.Others, func()) {
			read = append(read, stack.Name+": "+s.Source)
			return nil, func() {}
		},
	})
	server := analyzer.NewServer(rules, "1.2.3", func() {})
	source := func(path string) *pulumirpc.ConfigureAnalyzerRequest {
		properties, err := structpb.NewStruct(map[string]any{"index": map[string]any{"source": path}})
		if err != nil {
			t.Fatal(err)
		}
		return &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{
			policy.PackPolicy: {EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, Properties: properties},
		}}
	}
	stack := func(name string) *pulumirpc.AnalyzerStackConfigureRequest {
		return &pulumirpc.AnalyzerStackConfigureRequest{Project: "shop", Stack: name}
	}
	if _, err := server.Configure(t.Context(), source("/index.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureStack(t.Context(), stack("dev")); err != nil {
		t.Fatal(err)
	}
	if _, err := server.Configure(t.Context(), source("/home/alice/.ssh/id_ed25519")); fmt.Sprint(err) != errConfigured.Error() {
		t.Errorf("%v, want %v", err, errConfigured)
	}
	_, err := server.ConfigureStack(t.Context(), stack("prod"))
	want := status.Error(codes.FailedPrecondition, "dynamoguard knows its stack already, and judges no other in this run")
	if fmt.Sprint(err) != want.Error() {
		t.Errorf("%v, want %v", err, want)
	}
	if len(read) > 0 {
		t.Errorf("before any resource was judged, %q were read", read)
	}
	if _, err := server.Analyze(t.Context(), &pulumirpc.AnalyzeRequest{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"dev: /index.json"}, read); diff != "" {
		t.Error(diff)
	}
}
