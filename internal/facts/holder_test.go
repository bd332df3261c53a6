package facts

import (
	"testing"

	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// TestHolderCondition: a holder with a condition holds a document only where that is met.
func TestHolderCondition(t *testing.T) {
	h := holder{property: "policy", kind: iam.Resource, when: func(r *resource.Resource, log *resource.Log) bool {
		service, _ := r.Property("serviceName", log).Text()
		return service == "com.amazonaws.us-east-1.dynamodb"
	}}
	for service, want := range map[string]int{"com.amazonaws.us-east-1.dynamodb": 1, "com.amazonaws.us-east-1.s3": 0} {
		r := &resource.Resource{Properties: resource.ObjectValue(map[string]resource.Value{
			"policy": resource.StringValue("{}"), "serviceName": resource.StringValue(service),
		})}
		parse := func(_ resource.Property, text string, kind iam.Kind) *iam.Document { return iam.Parse(text, kind) }
		if got := len(h.documents(r, parse)); got != want {
			t.Errorf("%s: %d documents, want %d", service, got, want)
		}
	}
}
