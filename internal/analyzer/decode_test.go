package analyzer_test

import (
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/analyzer"
)

// TestDecodeResource: what is not read is null, so that a resource with nothing else does not look as if it had no inputs.
func TestDecodeResource(t *testing.T) {
	properties, err := structpb.NewStruct(map[string]any{"name": "orders", "tags": map[string]any{"team": "a"}})
	if err != nil {
		t.Fatal(err)
	}
	got := analyzer.DecodeResource(&pulumirpc.AnalyzeRequest{Properties: properties}, func(name string) bool { return name == "name" })
	if want := `{name: "orders", tags: [null]}`; got.Properties.String() != want {
		t.Errorf("got %v, want %s", got.Properties, want)
	}
}
