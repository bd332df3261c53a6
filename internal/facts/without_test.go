package facts_test

import (
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

// TestWithout: what is left out of a resource is not known, but for its documents, wherever they stand; what is a secret stays one.
func TestWithout(t *testing.T) {
	object := func(name string, v any) map[string]resource.Value { return map[string]resource.Value{name: val(v)} }
	document := object("Resource", "out")
	copied := resource.ObjectValue(map[string]resource.Value{
		"region": val("out"), "resourcePolicy": val(object("policyDocument", document)),
	})
	r := res(facts.NativeGlobal, "orders", "tableName", "out", "sseSpecification", object("sseType", []string{"in", "out"}),
		"replicas", []resource.Value{copied, copied.AsSecret(), val("out"), unknown})
	var stack facts.Stack
	rest, _ := stack.Without(r, func(text string) bool { return text == "out" })
	replicas := rest.Properties.Get("replicas").Elements()
	for want, got := range map[string]resource.Value{
		`[unknown]`:                           rest.Properties.Get("tableName"),
		`{sseType: ["in", [unknown]]}`:        rest.Properties.Get("sseSpecification"),
		`[[unknown], [unknown]]`:              resource.ArrayValue(replicas[2:]),
		`{policyDocument: {Resource: "out"}}`: replicas[0].Get("resourcePolicy"),
		`{region: [unknown], resourcePolicy: {policyDocument: {Resource: "out"}}}`: replicas[0],
		`[secret]`: replicas[1],
	} {
		if got.String() != want {
			t.Errorf("got %v, want %s", got, want)
		}
	}
	if v := replicas[1].Get("resourcePolicy").Get("policyDocument").Get("Resource"); !v.Secret() {
		t.Errorf("in a secret: %v", v)
	}
}
