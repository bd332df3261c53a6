package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

const mendedType = "aws:dynamodb/table:Table"

// mender is a policy that asks for a property to be true, and has edits for it.
func mender(name, property string, edits ...policy.Edit) *policy.Policy {
	return &policy.Policy{
		Name: name, Level: policy.Advisory, Mends: "It switches it on.", Reads: facts.TypeReads(mendedType, property),
		CheckResource: func(p *policy.Pass) {
			if on, ok := p.Property(property).Bool(); ok && !on {
				p.Report(policy.Finding{Path: resource.Path(property), Wrong: property + " is off", Remedy: "switch it on", Edits: edits})
			}
		},
	}
}

func on(path string) policy.Edit {
	return policy.Edit{Path: resource.Path(path), Value: resource.BoolValue(true)}
}

// TestRemediate: what is mended is what policies at that level find, each on top of those before; what their edits do not mend is not
// changed.
func TestRemediate(t *testing.T) {
	limited := mender("limited", "limited", on("limited"))
	check := limited.CheckResource
	limited.CheckResource = func(p *policy.Pass) {
		check(p)
		p.Report(policy.Finding{Path: "name", Wrong: "x", Remedy: "y", Limit: policy.Advisory, Edits: []policy.Edit{on("name")}})
	}
	broken := mender("broken", "broken", on("broken"))
	broken.CheckResource = func(*policy.Pass) { panic(errors.New("broken")) }
	same := mender("same", "same", on("same"))
	same.Mends = ""
	all := []*policy.Policy{
		mender("first", "a", on("a"), on("b")), mender("second", "b", on("b")), mender("block", "c.d", on("c.d")),
		mender("through", "e", on("name.e")), mender("in-vain", "f", on("g")), mender("advisory", "h", on("h")),
		mender("exempt", "i", on("i")), mender("no-edit", "j"), limited, broken, same, mender("unknown", "k", on("k")),
		{Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.DefaultPackSettings(), Notices: func(*policy.Run) []policy.Notice { return nil }},
	}
	given := map[string]policy.Given{}
	for _, p := range all {
		given[p.Name] = policy.Given{Level: policy.Remediate}
	}
	given["advisory"] = policy.Given{Level: policy.Advisory}
	given["exempt"] = policy.Given{Level: policy.Remediate, Properties: resource.ObjectValue(map[string]resource.Value{
		"outOfScope": resource.ArrayValue([]resource.Value{resource.ObjectValue(map[string]resource.Value{
			"resource": resource.StringValue("orders"), "reason": resource.StringValue("a cache"),
		})}),
	})}
	e := engine.New(all, func() time.Time { return time.Unix(0, 0) })
	if err := e.Configure(given); err != nil {
		t.Fatal(err)
	}
	inputs := resource.ObjectValue(map[string]resource.Value{
		"__defaults": resource.ArrayValue(nil), "name": resource.StringValue("orders"), "k": resource.UnknownValue(),
	})
	r := &resource.Resource{URN: "urn:pulumi:dev::shop::" + mendedType + "::orders", Type: mendedType, Name: "orders", Properties: inputs}

	type remediation struct{ Policy, Edits, Reason string }
	var got []remediation
	for _, x := range e.Remediate(r) {
		shown := ""
		for _, edit := range x.Edits {
			shown += edit.String() + "\n"
		}
		got = append(got, remediation{x.Policy.Name, shown, x.Reason})
	}
	want := []remediation{
		{"first", "a: true\nb: true\n", ""},
		{"second", "", ""},
		{"block", "c.d: true\n", ""},
		{"through", "", "nothing can be set at name.e"},
		{"in-vain", "", "its edits do not mend what it finds: this is a bug in dynamoguard"},
		{"exempt", "", "out of scope: a cache"},
		{"no-edit", "", "it has no exact edit for what it finds"},
		{"limited", "limited: true\n", ""},
		{"broken", "", "the policy itself failed (*errors.errorString): this is a bug in dynamoguard"},
		{"unknown", "", "k not known yet"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if r.Properties.Get("a").Kind() != resource.Absent || r.Properties.Get("__defaults").Kind() != resource.Array {
		t.Error("what was given is changed")
	}

	// Analyze says what became of it. What was not changed, as in policy analyze, is found as before, and stops the run.
	edited := *r
	edited.Properties = resource.ObjectValue(map[string]resource.Value{"name": resource.StringValue("orders"), "a": resource.BoolValue(true)})
	became := map[string]string{}
	for _, j := range e.Analyze(&edited) {
		for _, f := range j.Mended {
			became[j.Policy.Name] += "mended: " + f.Wrong
		}
		for _, d := range j.Diagnostics() {
			became[j.Policy.Name] += d.Level.String() + " "
		}
	}
	wantBecame := map[string]string{
		"first": "mended: a is off", "second": "mandatory ", "block": "mandatory ", "through": "mandatory ", "in-vain": "mandatory ", "advisory": "advisory ",
		"no-edit": "mandatory ", "limited": "mandatory advisory ", "broken": "advisory ", "same": "mandatory ", "unknown": "mandatory ",
	}
	if diff := cmp.Diff(wantBecame, became); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	// What is shown once more without anything to mend is mended no more.
	if got := e.Remediate(&edited); len(got) != len(want) || got[0].Edits != nil {
		t.Errorf("got %v", got)
	}
	for _, j := range e.Analyze(&edited) {
		if j.Policy.Name == "first" && j.Mended != nil {
			t.Errorf("it is mended still: %v", j.Mended)
		}
	}

	// A type that nothing mends is looked at as it always was.
	if e.Remediate(&resource.Resource{Type: "aws:sqs/queue:Queue"}) != nil || e.ReadsChecked("aws:sqs/queue:Queue") != nil {
		t.Error("a queue is mended")
	}
	wantReads := map[string]bool{"__defaults": true, "a": true, "b": true}
	reads := e.ReadsChecked(mendedType)
	for name := range wantReads {
		if !reads[name] {
			t.Errorf("%s is not read of a table that is mended", name)
		}
	}
	if err := e.Configure(nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"__defaults": true}, e.ReadsChecked(mendedType)); diff != "" {
		t.Errorf("by default (-want +got):\n%s", diff)
	}
}
