package iam

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"dynamoguard/internal/glob"
)

// FuzzParse: nothing panics, and what is JSON and what is not is what encoding/json says.
func FuzzParse(f *testing.F) {
	f.Add(policy("Allow dynamodb:* on *; Deny !iam:* on !table/orders"))
	f.Add(policy(`Allow dynamodb:GetItem by * on table/orders if {"StringLike":{"aws:ResourceTag/a":["b*"]}}`))
	f.Add(`{"Version":"2008-10-17","Statement":{"Effect":"allow","Action":["a",1,null],"Resource":{}}}`)
	f.Add(`{"Statement":[{"Effect":"Deny","Effect":"Allow","NotAction":"\u0064x","Condition":{"Null":{"a:b":true}}}]`)
	f.Add("\x00")
	f.Add(`{"Statement":[{"Resource":""},{}`)
	f.Add(`{"Statement":[{"Effect":"Allow","Action":["dynamodb:*","` + Unknown + `"],"Resource":["` + Unknown + `"]},{"Sid":"` + Unknown + `"}]}`)
	ask := func(d *Document) {
		d.WildcardActions(WildcardOptions{Metadata: true})
		d.UnscopedResources(UnscopedOptions{})
		d.ItemConditions(time.Time{})
		d.SensitiveActions()
		d.TrustGaps()
		d.IneffectiveStatements()
		d.Shares(time.Time{})
		d.LocksOut("", "111122223333", time.Time{})
		d.InterruptsReplication("", "111122223333", allActions, time.Time{})
		Escalations([]*Document{d}, []*Document{d}, EscalationHolder{Type: "role", Name: "app", Bounded: true}, time.Time{})
		NewGrants([]*Document{d}, []*Document{d}).On(TableRef{Name: "orders"})
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, kind := range []Kind{Identity, Resource, Trust} {
			d := Parse(text, kind)
			ask(d)
			if part := ParsePart(text, kind); part != nil {
				ask(part)
				if !strings.Contains(text, Unknown) && !slices.Equal(found(part), found(d)) {
					t.Errorf("%q: %q of the part that is all of it, else %q", text, found(part), found(d))
				}
			}
			for _, e := range d.Errors {
				if e.Reason == "" || utf8.RuneCountInString(e.Value) > maxErrorText+1 {
					t.Errorf("error %q", e)
				}
			}
			if strings.TrimLeft(text, " \t\r\n") == "" || !utf8.ValidString(text) {
				continue
			}
			notJSON := false
			for _, e := range d.Errors {
				notJSON = notJSON || strings.HasPrefix(e.Reason, "is not JSON") || strings.HasSuffix(e.Reason, "more errors")
			}
			if !json.Valid([]byte(text)) && !notJSON && strings.Count(text, "[")+strings.Count(text, "{") < 5000 {
				t.Errorf("%q is not JSON, but read", text)
			}
			if json.Valid([]byte(text)) && notJSON && len(d.Errors) < maxErrors {
				t.Errorf("%q is JSON, but got %v", text, d.Errors)
			}
		}
	})
}

// FuzzMatch: an action matches a pattern where the plain matcher says so, and a table where its ARN does.
func FuzzMatch(f *testing.F) {
	f.Add("dynamodb:Get*", "arn:aws:dynamodb:*:*:table/o?d*")
	f.Add("*:*tem", "arn:aws:dynamodb:*:table/orders")
	f.Add("dax:?can", "arn:aws:dynamodb:us-*")
	f.Fuzz(func(t *testing.T, action, element string) {
		set := MatchActions(action)
		if actionProblem(action) == "" {
			for _, a := range Actions() {
				if want := matchesAction(action, a.String()); set.Has(a) != want {
					t.Errorf("MatchActions(%q) has %s: %v", action, a, !want)
				}
			}
		}
		if resourceProblem(element) != "" || !utf8.ValidString(element) || strings.Contains(element, "${") {
			return
		}
		r := parseResource(element, true, true, nil)
		for _, table := range []string{"orders", "abc", "x.y-z_9"} {
			arn := longARN("table/" + table)
			to := parseTarget(arn)
			to.types = Table
			// A star within a field may not cross to the next, so that the element can match more as plain text, and an
			// ARN with fields missing is completed.
			if r.covers(&to, nil) && strings.Count(element, ":") >= 5 && !glob.Match(element, arn) {
				t.Errorf("%q covers %s", element, arn)
			}
			if r.covers(&to, nil) && !r.touches(to, nil) {
				t.Errorf("%q covers %s, but does not touch it", element, arn)
			}
			if r.covers(&to, nil) && !touchesType(&r, Table) {
				t.Errorf("%q covers %s, but reaches no table", element, arn)
			}
			pattern := r
			pattern.plain = plain{}
			for _, text := range []string{arn, element} {
				req := request{Request: Request{Resource: text}, target: parseTarget(text)}
				for _, wide := range []bool{true, false} {
					if r.matches(&req, wide) != pattern.matches(&req, wide) {
						t.Errorf("%q matches %s as a text or as a pattern, not both", element, text)
					}
				}
			}
		}
	})
}

func touchesType(r *resource, t ResourceTypes) bool {
	for _, a := range r.readings {
		if a.types&t != 0 {
			return true
		}
	}
	return false
}

// FuzzEvaluate holds the rules of evaluation for random policies and requests.
func FuzzEvaluate(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkEvaluate(t, rand.New(rand.NewPCG(seed, 7))) })
}

// TestEvaluateRules is a share of FuzzEvaluate for every run.
func TestEvaluateRules(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		checkEvaluate(t, random)
	}
}

func pick[T any](random *rand.Rand, from ...T) T { return from[random.IntN(len(from))] }

// randomStatement is a statement in the notation of policy.
func randomStatement(random *rand.Rand, effect string) string {
	action := pick(random, "*", "dynamodb:*", "dynamodb:GetItem", "dynamodb:Get*", "dynamodb:*Item", "dynamodb:Query,dynamodb:Scan", "dax:*", "s3:*",
		"!dynamodb:GetItem", "!iam:*", "!dynamodb:*Item,dax:*")
	resource := pick(random, "*", "table/*", "table/orders", "table/orders*", "table/o?ders", "table/orders/index/*", "table/items", "arn:aws:dynamodb:*:*:table/*",
		"arn:aws:dynamodb:*", "arn:aws:dynamodb:*:table/orders", "arn:aws:dynamodb:us-east-1:*:table/${aws:username}", "table/items,table/orders", "!table/orders",
		"!table/items", "!table/orders*,table/items", "!arn:aws:dynamodb:us-east-1:*:table/${aws:PrincipalTag/t}", "arn:aws:s3:::b")
	condition := pick(random, "", "", "", ` if {}`, ` if {"Bool":{"aws:SecureTransport":"true"}}`, ` if {"StringEquals":{"aws:ResourceTag/team":"a"}}`,
		` if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, ` if {"ForAnyValue:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`,
		` if {"StringNotEqualsIfExists":{"aws:PrincipalTag/t":"x"}}`)
	return effect + " " + action + " on " + resource + condition
}

func randomPolicy(random *rand.Rand) string {
	statements := []string{randomStatement(random, "Allow")}
	for range random.IntN(3) {
		statements = append(statements, randomStatement(random, pick(random, "Allow", "Deny")))
	}
	return strings.Join(statements, "; ")
}

func checkEvaluate(t *testing.T, random *rand.Rand) {
	t.Helper()
	var shown []string
	document := func(notation string) *Document {
		shown = append(shown, notation)
		return Parse(policy(notation), Identity)
	}
	base := Request{
		Action:    pick(random, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:DeleteTable", "dynamodb:Scan", "DynamoDB:putitem"),
		Resource:  longARN(pick(random, "table/orders", "table/items", "table/alice", "table/orders/index/by-date")),
		Principal: pick(random, "arn:aws:iam::111122223333:user/alice", "arn:aws:sts::111122223333:assumed-role/app/s"),
		Context: pick(random, nil, map[string][]string{"AWS:SecureTransport": {"true"}, "aws:ResourceTag/team": {"a"}},
			map[string][]string{"dynamodb:LeadingKeys": {"a"}, "aws:PrincipalTag/t": {"orders"}}),
		Identity: []*Document{document(randomPolicy(random))},
	}
	// Only what can happen: a resource of a type that the action takes, and keys that it carries.
	action := LookupAction(base.Action)
	if strings.Contains(base.Resource, "/index/") && action.Types()&Index == 0 {
		return
	}
	if carried, _ := carriers("dynamodb:LeadingKeys"); base.Context["dynamodb:LeadingKeys"] != nil && !carried.Has(action) {
		return
	}
	if random.IntN(2) == 0 {
		base.Boundary = []*Document{document(randomPolicy(random))}
	}
	before := Evaluate(base)
	say := func(rule string) {
		t.Fatalf("%s: %s on %s by %s with %v: %s", rule, base.Action, base.Resource, base.Principal, base.Context, strings.Join(shown, " | "))
	}
	if before.Verdict == Invalid {
		say(fmt.Sprint("a valid document is invalid: ", before.Reasons()[0].Error))
	}

	denied := base
	denied.Identity = append(base.Identity[:1:1], document(randomStatement(random, "Deny")))
	if Evaluate(denied).Verdict == Allowed && before.Verdict != Allowed {
		say("a Deny grants")
	}
	allowed := base
	allowed.Identity = append(base.Identity[:1:1], document(randomStatement(random, "Allow")))
	if Evaluate(allowed).Verdict != Allowed && before.Verdict == Allowed {
		say("an Allow takes away")
	}
	bounded := base
	bounded.Boundary = []*Document{document(randomPolicy(random))}
	if free := base; base.Boundary == nil && Evaluate(bounded).Verdict == Allowed && Evaluate(free).Verdict != Allowed {
		say("a boundary grants")
	}
	narrow, wide := base, base
	name := pick(random, "table/orders", "table/o*")
	narrow.Identity = []*Document{document("Allow dynamodb:GetItem on " + name)}
	wide.Identity = []*Document{document("Allow dynamodb:Get* on table/o*")}
	if Evaluate(narrow).Verdict == Allowed && Evaluate(wide).Verdict != Allowed {
		say("a wildcard grants less than what it covers")
	}

	// Grants are never less than what a request is granted.
	if before.Verdict == Allowed {
		table, _, _ := strings.Cut(strings.TrimPrefix(base.Resource, longARN("table/")), "/")
		unconditional, conditional := NewGrants(base.Identity, base.Boundary).On(TableRef{"aws", "us-east-1", "111122223333", table})
		if !unconditional.Or(conditional).Has(action) {
			say("allowed, but no grant")
		}
	}
}

func BenchmarkEvaluate(b *testing.B) {
	d := Parse(policy("Allow dynamodb:GetItem,dynamodb:Query on table/orders,table/orders/index/*; Allow dynamodb:PutItem on table/items; Deny dynamodb:* on arn:aws:dynamodb:*:*:table/secret-*"), Identity)
	for _, bb := range []struct{ name, action, resource string }{
		{"allowed", "dynamodb:Query", longARN("table/orders/index/by-date")},
		{"denied", "dynamodb:GetItem", longARN("table/secret-1")},
		{"none", "dynamodb:DeleteTable", longARN("table/orders")},
	} {
		b.Run(bb.name, func(b *testing.B) {
			req := Request{Action: bb.action, Resource: bb.resource, Principal: "arn:aws:iam::111122223333:user/alice", Identity: []*Document{d}}
			b.ReportAllocs()
			for b.Loop() {
				Evaluate(req)
			}
		})
	}
}

func BenchmarkGrantsOn(b *testing.B) {
	d := Parse(typical(), Identity)
	g := NewGrants([]*Document{d}, nil)
	for b.Loop() {
		g.On(TableRef{"aws", "us-east-1", "111122223333", "orders-3"})
	}
}
