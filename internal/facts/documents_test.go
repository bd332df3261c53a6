package facts_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/resource"
)

// described is a document as the cases below write it.
func described(d *facts.Document) string {
	s := string(d.Path)
	switch {
	case !d.Known:
		s += " unknown"
	case d.Document == nil:
		s += " mistyped: " + d.Mistyped
	default:
		s += fmt.Sprintf(" %d of kind %d", len(d.Statements), d.Kind)
	}
	if d.Part {
		s += " in part"
	}
	if d.Secret {
		s += " secret"
	}
	if q, ok := d.Quota(); ok {
		s += fmt.Sprintf(" within %s %d", q.Property, q.Size)
	}
	return s
}

func TestDocuments(t *testing.T) {
	statement := func(action resource.Value) resource.Value {
		return object("Version", "2012-10-17", "Statement", []resource.Value{object("Effect", "Allow", "Action", action, "Resource", "*")})
	}
	getItem := resource.StringValue("dynamodb:GetItem")
	inline := func(policies ...resource.Value) *resource.Resource {
		var list []resource.Value
		for _, p := range policies {
			list = append(list, object("name", "p", "policy", p))
		}
		return res(facts.Role, "app", "inlinePolicies", list, "assumeRolePolicy", doc)
	}
	all := []iam.Kind{iam.Identity, iam.Resource, iam.Trust}
	for _, c := range []struct {
		name  string
		r     *resource.Resource
		kinds []iam.Kind
		want  []string
	}{
		{"text", res(facts.ManagedPolicy, "p", "policy", doc), all, []string{"policy 1 of kind 0 within policy 6144"}},
		{"an object", res(facts.TablePolicy, "p", "policy", statement(getItem)), all, []string{"policy 1 of kind 1"}},
		{"secret text", res(facts.TablePolicy, "p", "policy", val(doc).AsSecret()), all, []string{"policy 1 of kind 1 secret"}},
		{"an object with one secret member", res(facts.TablePolicy, "p", "policy", statement(getItem.AsSecret())), all,
			[]string{"policy 1 of kind 1 secret"}},
		{"an object with one unknown member", res(facts.TablePolicy, "p", "policy", statement(unknown)), all, []string{"policy unknown in part"}},
		{"an object with one unknown member of two", res(facts.TablePolicy, "p", "policy", statement(val([]resource.Value{getItem, unknown}))), all,
			[]string{"policy 1 of kind 1 in part"}},
		{"an object in which a number is none", res(facts.TablePolicy, "p", "policy", object("Version", resource.NumberValue(math.NaN()))), all,
			[]string{"policy 0 of kind 1"}},
		{"of a table of aws-native and of its stream", res(facts.NativeTable, "t", "resourcePolicy", object("policyDocument", statement(getItem)),
			"streamSpecification", object("streamViewType", "NEW_IMAGE", "resourcePolicy", object("policyDocument", unknown))), all,
			[]string{"resourcePolicy.policyDocument 1 of kind 1", "streamSpecification.resourcePolicy.policyDocument unknown"}},
		{"of the copies of a global table of aws-native, and of their streams", res(facts.NativeGlobal, "t", "replicas", []resource.Value{
			object("region", "us-east-1"), object("resourcePolicy", object("policyDocument", doc), "replicaStreamSpecification", unknown),
			object("resourcePolicy", "none"),
		}), all, []string{
			"replicas[1].resourcePolicy.policyDocument 1 of kind 1",
			"replicas[2] mistyped: replicas[2].resourcePolicy is a string, not an object",
			"replicas[1].replicaStreamSpecification.resourcePolicy.policyDocument unknown",
		}},
		{"a block that is not known", res(facts.NativeTable, "t", "resourcePolicy", unknown), all, []string{"resourcePolicy.policyDocument unknown"}},
		{"a block that is none", res(facts.NativeTable, "t", "resourcePolicy", "none"), all,
			[]string{"resourcePolicy.policyDocument mistyped: resourcePolicy is a string, not an object"}},
		{"of a principal of aws-native", res(facts.NativeUser, "ann", "policies", []resource.Value{object("policyDocument", doc)}), all,
			[]string{"policies[0].policyDocument 1 of kind 0 within policies 2048"}},
		{"not set", res(facts.TablePolicy, "p"), all, nil},
		{"a number", res(facts.TablePolicy, "p", "policy", resource.NumberValue(7)), all,
			[]string{"policy mistyped: policy is a number, not a policy document"}},
		{"several holders, by kind", inline(val(doc), unknown, resource.BoolValue(true), val(doc)), all, []string{
			"inlinePolicies[0].policy 1 of kind 0 within inlinePolicies 10240",
			"inlinePolicies[1].policy unknown within inlinePolicies 10240",
			"inlinePolicies[2].policy mistyped: inlinePolicies[2].policy is a boolean, not a policy document within inlinePolicies 10240",
			"inlinePolicies[3].policy 1 of kind 0 within inlinePolicies 10240",
			"assumeRolePolicy 1 of kind 2",
		}},
		{"of one kind", inline(val(doc)), []iam.Kind{iam.Trust}, []string{"assumeRolePolicy 1 of kind 2"}},
		{"a list that is none", res(facts.Role, "app", "inlinePolicies", "none"), all,
			[]string{"inlinePolicies mistyped: inlinePolicies is a string, not a list within inlinePolicies 10240"}},
		{"an unknown list", res(facts.Role, "app", "inlinePolicies", unknown), all,
			[]string{"inlinePolicies unknown within inlinePolicies 10240"}},
		{"elements that are none", res(facts.Role, "app", "inlinePolicies", []resource.Value{val("none"), unknown}), all, []string{
			"inlinePolicies[0] mistyped: inlinePolicies[0] is a string, not an object within inlinePolicies 10240",
			"inlinePolicies[1].policy unknown within inlinePolicies 10240",
		}},
		{"another type", res(facts.Table, "t", "policy", doc), all, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, d := range facts.New(c.r).Documents(c.kinds...) {
				got = append(got, described(d))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDocumentSize: an object is as long as it is written without white space, whatever JSON could escape in it.
func TestDocumentSize(t *testing.T) {
	text := `{"Statement":{"Action":"s3:*","Effect":"Allow","Resource":"*","Sid":"a<b>&c"},"Version":"2012-10-17"}`
	object, ok := resource.DecodeJSON(text)
	if !ok {
		t.Fatal(text)
	}
	d := facts.New(res(facts.NativeRolePolicy, "p", "policyDocument", object)).Documents(iam.Identity)[0]
	if d.Text() != text || d.Size() != len(text) {
		t.Errorf("%d characters: %s", d.Size(), d.Text())
	}
}

// TestParsedOnce: what was parsed by a resource's inputs is not parsed again by its outputs, unless these are another text.
func TestParsedOnce(t *testing.T) {
	var seen facts.Stack
	parse := func(name, text string) *iam.Document {
		return seen.Facts(res(facts.ManagedPolicy, name, "policy", text)).Documents(iam.Identity)[0].Document
	}
	first := parse("a", doc)
	if parse("a", doc) != first {
		t.Error("the same text was parsed again")
	}
	if parse("b", doc) == first {
		t.Error("two resources share a document")
	}
	other := strings.Replace(doc, "GetItem", "PutItem", 1)
	if got := parse("a", other).Text(); got != other {
		t.Errorf("another text of the resource is %s", got)
	}
	if parse("a", doc) == first {
		t.Error("what was replaced is still there")
	}
	// What is beyond the bound is parsed all the same.
	large := doc + strings.Repeat(" ", 9<<20)
	if got := parse("large", large); len(got.Statements) != 1 || parse("large", large) == got {
		t.Error("a document beyond the bound was kept, or not read")
	}
	if kept := parse("a", doc); parse("a", doc) != kept {
		t.Error("after a document beyond the bound, nothing is kept")
	}
}

// TestReads: what facts say that they read of a type, they read.
func TestReads(t *testing.T) {
	want := facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource, iam.Trust), facts.LinkReads)()
	got := map[string][]string{}
	var stack []*resource.Resource
	for typ := range want {
		name := "r"
		if strings.HasPrefix(typ, "aws-native:") {
			name = "n" // or each would be one of two that a name can mean
		}
		members := map[string]resource.Value{}
		for _, pattern := range want[typ] {
			list, member, listed := strings.Cut(pattern, "[].")
			block, _, nested := strings.Cut(pattern, ".")
			switch {
			case listed:
				members[list] = resource.ArrayValue([]resource.Value{resource.ObjectValue(map[string]resource.Value{member: val(name)})})
			case nested:
				members[block] = resource.NullValue()
			case pattern == "arn":
				members[pattern] = val(policyARN + name)
			default:
				members[pattern] = val(name)
			}
		}
		r := &resource.Resource{URN: urn(typ, "r"), Type: typ, Name: "r", Properties: resource.ObjectValue(members)}
		r.OnRead = func(pattern string) { got[typ] = append(got[typ], pattern) }
		stack = append(stack, r)
	}
	g := facts.NewGraph(stack, nil)
	g.Principals()
	for _, r := range stack {
		g.Facts(r).Documents(iam.Identity, iam.Resource, iam.Trust)
	}
	for typ := range got {
		slices.Sort(got[typ])
		got[typ] = slices.Compact(got[typ])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-said +read):\n%s", diff)
	}
}

// TestStatement finds the statement that a path leads into, in documents that may be shown.
func TestStatement(t *testing.T) {
	const (
		first  = `{"Effect": "Deny", "Action": "*", "Resource": "*"}`
		second = `{"Sid":"}","Effect":"Allow","Action":["dynamodb:*"],"Resource":"*"}`
		list   = `{"Version":"2012-10-17","Statement":[` + first + ` , ` + second + `]}`
		single = `{"Statement":` + second + `}`
	)
	var stack facts.Stack
	see := func(r *resource.Resource) { stack.Facts(r).Documents(iam.Identity, iam.Trust) }
	see(res(facts.ManagedPolicy, "list", "policy", list))
	see(res(facts.ManagedPolicy, "single", "policy", single))
	see(res(facts.ManagedPolicy, "torn", "policy", list[:len(list)-20]))
	see(res(facts.ManagedPolicy, "secret", "policy", resource.StringValue(list).AsSecret()))
	see(res(facts.ManagedPolicy, "secret", "policy", list+" ")) // as an output
	see(res(facts.Role, "role", "assumeRolePolicy", single, "inlinePolicies", []resource.Value{resource.ObjectValue(map[string]resource.Value{
		"policy": resource.StringValue(list),
	})}))
	for _, c := range []struct {
		typ, name string
		path      resource.Path
		want      string
		within    resource.Path
	}{
		{facts.ManagedPolicy, "list", "policy.Statement[0]", first, ""},
		{facts.ManagedPolicy, "list", "policy.Statement[1].Action[0]", second, "Action[0]"},
		{facts.ManagedPolicy, "list", "policy.Statement[1].Condition.StringLike.aws:x", second, "Condition.StringLike.aws:x"},
		{facts.ManagedPolicy, "list", "policy.Statement[2]", "", ""},
		{facts.ManagedPolicy, "list", "policy.Version", "", ""},
		{facts.ManagedPolicy, "list", "policy", "", ""},
		{facts.ManagedPolicy, "list", "name.Statement[0]", "", ""},
		{facts.ManagedPolicy, "single", "policy.Statement.Action[0]", second, "Action[0]"},
		{facts.ManagedPolicy, "torn", "policy.Statement[0].Action", first, "Action"},
		{facts.ManagedPolicy, "secret", "policy.Statement[0].Action", "", ""},
		{facts.ManagedPolicy, "other", "policy.Statement[0].Action", "", ""},
		{facts.Role, "role", "assumeRolePolicy.Statement.Action", second, "Action"},
		{facts.Role, "role", "inlinePolicies[0].policy.Statement[0].Effect", first, "Effect"},
	} {
		urn := res(c.typ, c.name).URN
		if got, within := stack.Statement(facts.Place{URN: urn, Path: c.path}); got != c.want || within != c.within {
			t.Errorf("%s of %s: %s, %q", c.path, c.name, got, within)
		}
	}
}
