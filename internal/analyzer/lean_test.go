package analyzer

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/resource"
)

const leanTable = "aws:dynamodb/table:Table"

// readOf is what the tests read: three properties of tables.
func readOf(typ string) map[string]bool {
	if typ != leanTable {
		return nil
	}
	return map[string]bool{"name": true, "tags": true, "attributes": true}
}

func tableRequest(t testing.TB) *pulumirpc.AnalyzeRequest {
	t.Helper()
	properties, err := structpb.NewStruct(map[string]any{
		"name": "orders", "tags": map[string]any{"team": "a"}, "attributes": []any{map[string]any{"name": "pk"}},
		"hashKey": "pk", "ttl": map[string]any{"enabled": true}, "nothing": nil,
	})
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := structpb.NewStruct(map[string]any{"region": "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	return &pulumirpc.AnalyzeRequest{
		Type: leanTable, Urn: "urn:pulumi:dev::shop::" + leanTable + "::orders", Name: "orders", Properties: properties,
		Options:  &pulumirpc.AnalyzerResourceOptions{Protect: true, Parent: "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"},
		Provider: &pulumirpc.AnalyzerProviderResource{Type: "pulumi:providers:aws", Name: "default", Properties: inputs},
	}
}

func encoded(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLeanResource: of a type that is read, what is read of its properties, and all else; of another, what it is called.
func TestLeanResource(t *testing.T) {
	table := tableRequest(t)
	want := proto.CloneOf(table)
	for _, name := range []string{"hashKey", "ttl", "nothing"} {
		want.Properties.Fields[name] = &structpb.Value{}
	}
	queue := proto.CloneOf(table)
	queue.Type = "aws:sqs/queue:Queue"
	for _, c := range []struct {
		what          string
		request, want *pulumirpc.AnalyzeRequest
	}{
		{"read", table, want},
		{"not read", queue, &pulumirpc.AnalyzeRequest{Type: queue.Type, Urn: queue.Urn, Name: queue.Name}},
		{"nothing", &pulumirpc.AnalyzeRequest{}, &pulumirpc.AnalyzeRequest{}},
	} {
		got := &pulumirpc.AnalyzeRequest{}
		if err := proto.Unmarshal(leanResource(encoded(t, c.request), readOf), got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
	if whole := encoded(t, table); !slices.Equal(whole, leanRemediate(whole, readOf)) {
		t.Error("what may be mended is left out")
	}
	if left := leanRemediate(encoded(t, queue), readOf); !slices.Equal(left, leanResource(encoded(t, queue), readOf)) {
		t.Error("what nothing mends is decoded")
	}
}

// TestLeanStack: the resources of a stack are what each of them is.
func TestLeanStack(t *testing.T) {
	table := tableRequest(t)
	stacked := func(typ string, properties *structpb.Struct) *pulumirpc.AnalyzerResource {
		return &pulumirpc.AnalyzerResource{
			Type: typ, Urn: table.Urn, Name: table.Name, Properties: properties, Provider: table.Provider, Dependencies: []string{"urn:a"},
			PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{"name": {Urns: []string{"urn:a"}}},
		}
	}
	request := &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		stacked(leanTable, table.Properties), stacked("aws:sqs/queue:Queue", table.Properties),
	}}
	read := proto.CloneOf(table.Properties)
	for _, name := range []string{"hashKey", "ttl", "nothing"} {
		read.Fields[name] = &structpb.Value{}
	}
	want := &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		stacked(leanTable, read), {Type: "aws:sqs/queue:Queue", Urn: table.Urn, Name: table.Name},
	}}
	got := &pulumirpc.AnalyzeStackRequest{}
	if err := proto.Unmarshal(leanStack(encoded(t, request), readOf), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLeanService: the methods that are sent resources decode what is read of them, through gRPC's codec, and the others everything.
func TestLeanService(t *testing.T) {
	queue := tableRequest(t)
	queue.Type = "aws:sqs/queue:Queue"
	stack := &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{{Type: queue.Type, Urn: queue.Urn, Provider: queue.Provider}}}
	info := &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: map[string]*pulumirpc.PolicyConfig{"a": {Properties: queue.Properties}}}
	want := map[string]proto.Message{
		"Analyze":      &pulumirpc.AnalyzeRequest{Type: queue.Type, Urn: queue.Urn, Name: queue.Name},
		"Remediate":    &pulumirpc.AnalyzeRequest{Type: queue.Type, Urn: queue.Urn, Name: queue.Name},
		"AnalyzeStack": &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{{Type: queue.Type, Urn: queue.Urn}}},
		"Configure":    info,
	}
	sent := map[string]proto.Message{"Analyze": queue, "Remediate": queue, "AnalyzeStack": stack, "Configure": info}
	errSeen := errors.New("seen")
	for _, method := range lean(engine.New(nil, time.Now)).Methods {
		if want[method.MethodName] == nil {
			continue
		}
		var got proto.Message
		_, err := method.Handler(nil, t.Context(), func(message any) error {
			if err := newPartialCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(encoded(t, sent[method.MethodName]))}, message); err != nil {
				return err
			}
			got = message.(proto.Message)
			if p, ok := message.(*partial); ok {
				got = p.Message
			}
			return errSeen
		}, nil)
		if err != errSeen {
			t.Fatalf("%s: %v", method.MethodName, err)
		}
		if diff := cmp.Diff(want[method.MethodName], got, protocmp.Transform()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", method.MethodName, diff)
		}
		delete(want, method.MethodName)
	}
	if len(want) > 0 {
		t.Errorf("the service has no %v", slices.Collect(maps.Keys(want)))
	}
}

// FuzzLean: what protobuf decodes it decodes too, to the same resource as far as that is read, however odd its encoding; what is
// read and cannot be decoded it leaves to protobuf to refuse.
func FuzzLean(f *testing.F) {
	whole := encoded(f, tableRequest(f))
	f.Add(whole)
	f.Add(slices.Concat(whole, whole)) // each field twice
	f.Add(whole[:len(whole)-3])
	property := func(entry ...[]byte) []byte {
		fields := protowire.AppendBytes(protowire.AppendTag(nil, fieldFields, protowire.BytesType), slices.Concat(entry...))
		return protowire.AppendBytes(protowire.AppendTag(nil, fieldProperties, protowire.BytesType), fields)
	}
	text := func(number protowire.Number, s string) []byte {
		return protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), s)
	}
	f.Add(slices.Concat(text(fieldType, leanTable), property(text(fieldKey, "ttl"), text(fieldKey, "name"), text(fieldValue, "\x1a\x01x"))))
	f.Add(slices.Concat(text(fieldType, leanTable), property(text(fieldKey, "name"), text(fieldKey, "ttl"), text(fieldValue, "\x1a\x01x"))))
	f.Add(slices.Concat(text(fieldType, leanTable), property(text(fieldValue, "\x1a\x01x"))))
	f.Add(slices.Concat(property(text(fieldKey, "name")), text(fieldType, "other"), text(fieldType, leanTable)))
	f.Add(slices.Concat(text(fieldType, leanTable), property(text(fieldKey, "\xff"), text(fieldValue, "\x1a\x01x"))))
	f.Add(slices.Concat(text(fieldType, leanTable), protowire.AppendVarint(protowire.AppendTag(nil, fieldProperties, protowire.VarintType), 7)))
	f.Add(slices.Concat(text(fieldType, leanTable), []byte{byte(fieldType) << 3, 7}, property(text(fieldKey, "ttl")))) // a type that is no text
	f.Fuzz(func(t *testing.T, request []byte) {
		decode := func(b []byte) (*resource.Resource, error) {
			message := &pulumirpc.AnalyzeRequest{}
			if err := proto.Unmarshal(b, message); err != nil {
				return nil, err
			}
			return decodeRead(message, readOf(message.GetType())), nil
		}
		want, wantErr := decode(request)
		got, err := decode(leanResource(request, readOf))
		if wantErr != nil {
			return // what is not read need not be right
		}
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(described(want), described(got)); diff != "" {
			t.Errorf("(-all +lean):\n%s", diff)
		}
		_ = leanStack(request, readOf)
	})
}

// described writes a resource with all that is read of it.
func described(r *resource.Resource) []string {
	lines := []string{string(r.URN), r.Type, r.Name, r.Properties.String(), string(r.Options.Parent)}
	for _, alias := range r.Options.Aliases {
		lines = append(lines, string(alias))
	}
	if p := r.Provider; p != nil {
		lines = append(lines, string(p.URN), p.Type, p.Name, p.Properties.String())
	}
	return lines
}
