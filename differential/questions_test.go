package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/iam"
)

func readQuestions(t *testing.T) (asks []*Ask) {
	t.Helper()
	readLines(t, "questions.jsonl.gz", func(line []byte) error {
		a := new(Ask)
		asks = append(asks, a)
		return json.Unmarshal(line, a)
	})
	return asks
}

// TestReplayQuestions holds the policies' questions to the answers that requests have shown, or not contradicted.
func TestReplayQuestions(t *testing.T) {
	wrong := 0
	for _, a := range readQuestions(t) {
		if got := a.ours(); got != a.Answer {
			line, err := encode(a)
			if err != nil {
				t.Fatal(err)
			}
			t.Errorf("%t, want %t: %s", got, a.Answer, line)
			if wrong++; wrong == 10 {
				t.Fatal("and perhaps more")
			}
		}
	}
}

// TestRecordedQuestionsAreComplete lists what the recorded questions must hold at least.
func TestRecordedQuestionsAreComplete(t *testing.T) {
	want := map[string]int{
		"key dynamodb:LeadingKeys": 30, "key dynamodb:Attributes": 30, "NotAction": 30, "NotResource": 30, "Deny": 30,
		"resource with a variable": 30, "resource with a variable's default": 30, "no version": 10, "version 2008-10-17": 10,
	}
	for _, kind := range []string{" of an identity policy: ", " of the policy of a table: "} {
		for _, policy := range []string{wildcardAction, sensitiveAction, itemLevelCondition} {
			want[policy+kind+"true"], want[policy+kind+"false"] = 20, 20
		}
	}
	want[unscopedResource+" of an identity policy: true"], want[unscopedResource+" of an identity policy: false"] = 50, 50
	for _, w := range widers {
		want[w.name] = 1
	}
	have := map[string]int{}
	for _, a := range readQuestions(t) {
		have[a.answer()]++
		for _, f := range slices.Concat(a.features(), a.Known) {
			have[f]++
		}
	}
	for feature, n := range sorted(want) {
		if have[feature] < n {
			t.Errorf("%d recorded questions with %s, want %d: record again", have[feature], feature, n)
		}
	}
}

// TestGenerateAsks holds the generator to the same questions for a seed and a number, of documents that IAM takes.
func TestGenerateAsks(t *testing.T) {
	policies := map[string]int{}
	for i := range uint64(500) {
		asks, again := GenerateAsks(11, i), GenerateAsks(11, i)
		if len(asks) != len(again) {
			t.Fatalf("document %d has %d questions, and then %d", i, len(asks), len(again))
		}
		for j, a := range asks {
			first, err := encode(a)
			if err != nil {
				t.Fatal(err)
			}
			if second, _ := encode(again[j]); string(first) != string(second) {
				t.Fatalf("question %d of document %d is not always the same:\n%s\n%s", j, i, first, second)
			}
			policies[a.Policy]++
			text, _ := encode(a.Document)
			if errors := iam.Parse(string(text), a.kind()).Errors; len(errors) > 0 {
				t.Errorf("IAM refuses document %d: %v\n%s", i, errors, text)
			}
			var read Ask
			if err := json.Unmarshal(first, &read); err != nil || read.ours() != a.Answer {
				t.Errorf("question %d of document %d is not read as it is written (error %v): %s", j, i, err, first)
			}
		}
	}
	for _, policy := range []string{wildcardAction, unscopedResource, itemLevelCondition, sensitiveAction} {
		if policies[policy] < 40 {
			t.Errorf("%d questions of %s", policies[policy], policy)
		}
	}
}

// question reads a document of statements and asks of it.
func question(t *testing.T, policy, action, key string, statements string) *Ask {
	t.Helper()
	a := &Ask{ID: "test", Policy: policy, Action: action, Key: key, Document: new(Document)}
	if err := json.Unmarshal([]byte(`{"Version":"2012-10-17","Statement":[`+statements+`]}`), a.Document); err != nil || a.Document.Text != "" {
		t.Fatalf("%v: %s", err, statements)
	}
	if policy == unscopedResource {
		a.Statement = -1
	}
	a.Table = strings.Contains(statements, "Principal")
	a.Answer = a.ours()
	return a
}

const (
	onOrders = `,"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders"`
	onTables = `,"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/*"`
)

func TestQuestion(t *testing.T) {
	const get, own = `{"Effect":"Allow","Action":"dynamodb:GetItem"`, `,"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}}`
	denies := says("", "ImplicitlyDenied")
	tests := []struct {
		name        string
		ask         *Ask
		oracle      judge
		wrong       bool // the answer is not package iam's
		known       []string
		unexplained bool
	}{
		{"every table", question(t, unscopedResource, "dynamodb:GetItem", "", get+onTables+`}`), Ours, false, nil, false},
		{"every table, and no", question(t, unscopedResource, "dynamodb:GetItem", "", get+onTables+`}`), Ours, true, nil, true},
		{"one table", question(t, unscopedResource, "dynamodb:GetItem", "", get+onOrders+`}`), Ours, false, nil, false},
		{"one table, and yes", question(t, unscopedResource, "dynamodb:GetItem", "", get+onOrders+`}`), Ours, true, nil, true},
		{"all but the names that begin with Z, and yes", question(t, unscopedResource, "dynamodb:GetItem", "", get+`,"NotResource":"arn:aws:dynamodb:*:*:table/Z*"},{"Effect":"Deny","Action":"*","Resource":"arn:aws:dynamodb:*:*:table/z*"}`), Ours, false, nil, false},
		{"a wildcard", question(t, wildcardAction, "dynamodb:GetItem", "", `{"Effect":"Allow","Action":"dynamodb:Get*"`+onOrders+`}`), Ours, false, nil, false},
		{"a wildcard, and no", question(t, wildcardAction, "dynamodb:GetItem", "", `{"Effect":"Allow","Action":"dynamodb:Get*"`+onOrders+`}`), Ours, true, nil, true},
		{"a name", question(t, sensitiveAction, "dynamodb:DeleteTable", "", `{"Effect":"Allow","Action":["dynamodb:DeleteTable","dynamodb:GetItem"]`+onOrders+`}`), Ours, false, nil, false},
		{"a name, and no", question(t, sensitiveAction, "dynamodb:DeleteTable", "", `{"Effect":"Allow","Action":["dynamodb:DeleteTable","dynamodb:GetItem"]`+onOrders+`}`), Ours, true, nil, true},
		{"own items", question(t, itemLevelCondition, "dynamodb:GetItem", "dynamodb:LeadingKeys", get+onOrders+own), Ours, false, nil, false},
		{"own items, and yes", question(t, itemLevelCondition, "dynamodb:GetItem", "dynamodb:LeadingKeys", get+onOrders+own), Ours, true, nil, true},
		{"items of others", question(t, itemLevelCondition, "dynamodb:GetItem", "dynamodb:LeadingKeys", get+onOrders+strings.ReplaceAll(strings.ReplaceAll(own, "}\"]", "}*\"]"), "Equals", "Like")), Ours, false, nil, false},
		{"the oracle says otherwise", question(t, unscopedResource, "dynamodb:GetItem", "", get+onTables+`}`), denies, false, nil, true},
		{"a question mark for a colon", question(t, sensitiveAction, "dynamodb:DeleteTable", "", `{"Effect":"Allow","Action":"dynamodb:DeleteTable"`+onOrders+`},{"Effect":"Deny","Action":"*","NotResource":"arn:aws:dynamodb:us-east-1?111122223333:table/orders"}`), Ours, false, []string{clearers[1].name}, false},
		{"a condition that nobody meets", question(t, unscopedResource, "dynamodb:GetItem", "", get+onTables+`,"Condition":{"StringEquals":{"aws:userid":"none"}}}`), Ours, false, []string{widers[0].name}, false},
	}
	// Of the requests for most seeds, none meets the label.
	stream := question(t, wildcardAction, "dynamodb:GetShardIterator", "", `{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:*:table/a.b_c-1/stream/2024-01-01T00:00:00.000"}`)
	stream.seed, stream.index = 1, 34755
	tests = append(tests, tests[0])
	last := &tests[len(tests)-1]
	last.name, last.ask, last.known = "a star up to a stream", stream, []string{clearers[0].name}
	for _, tt := range tests {
		if tt.wrong {
			tt.ask.Answer = !tt.ask.Answer
		}
		if err := Question([]*Ask{tt.ask}, Ours, tt.oracle); err != nil {
			t.Fatal(err)
		}
		if a := tt.ask; !slices.Equal(a.Known, tt.known) || a.unexplained != tt.unexplained {
			t.Errorf("%s: answer %v, known %q, unexplained %v; want %q, %v", tt.name, a.Answer, a.Known, a.unexplained, tt.known, tt.unexplained)
		}
	}
}

// A question is about one Allow, and all Denies.
func TestIsolated(t *testing.T) {
	const deny = `{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*"}`
	all := `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Put*"],"Resource":"*"},{"Effect":"Allow","Action":"dynamodb:Query","Resource":"*"},` + deny
	for _, tt := range []struct{ policy, want string }{
		{wildcardAction, `{"Effect":"Allow","Action":["dynamodb:Put*"],"Resource":"*"},` + deny},
		{sensitiveAction, `{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Put*"],"Resource":"*"},` + deny},
		{unscopedResource, all},
	} {
		got, err := encode(question(t, tt.policy, "dynamodb:GetItem", "", all).isolated())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"Version":"2012-10-17","Statement":[`+tt.want+`]}`, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.policy, diff)
		}
	}
}

func TestDocumentRewrites(t *testing.T) {
	const get = `{"Effect":"Allow","Action":"dynamodb:GetItem"`
	const deny = `{"Effect":"Deny","Action":"dynamodb:GetItem"`
	const gone = `{"Effect":"Deny","Action":"s3:GetObject"`
	allowAll := get + onTables + `},`
	condition := func(operator, values string) string {
		return `,"Condition":{"` + operator + `":{"dynamodb:LeadingKeys":` + values + `}}}`
	}
	tests := []struct {
		name    string
		rewrite func(*Ask, *Statement) bool
		policy  string
		before  string
		after   string // "" where nothing changes
	}{
		{"a condition", withoutConditions, unscopedResource, get + onOrders + condition("StringEquals", `["a"]`), get + onOrders + `}`},
		{"the condition asked about", withoutConditions, itemLevelCondition, get + onOrders + condition("StringEquals", `["a"]`), ""},
		{"a condition of a Deny", withoutConditions, unscopedResource, deny + onOrders + condition("StringEquals", `["a"]`), ""},
		{"a principal", forEveryone, wildcardAction, `{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"dynamodb:Get*"}`, `{"Effect":"Allow","Principal":"*","Action":"dynamodb:Get*"}`},
		{"everyone", forEveryone, wildcardAction, `{"Effect":"Allow","Principal":"*","Action":"dynamodb:Get*"}`, ""},
		{"a Deny of NotResource", withoutUncertain, unscopedResource, allowAll + deny + `,"NotResource":"arn:aws:dynamodb:*:*:table/a"}`, allowAll + gone + `,"NotResource":"arn:aws:dynamodb:*:*:table/a"}`},
		{"a Deny under a condition", withoutUncertain, unscopedResource, allowAll + deny + onOrders + condition("StringEquals", `["a"]`), allowAll + gone + onOrders + condition("StringEquals", `["a"]`)},
		{"a Deny of a variable", withoutUncertain, unscopedResource, allowAll + deny + `,"Resource":"arn:aws:dynamodb:*:*:table/${aws:username}"}`, allowAll + gone + `,"Resource":"arn:aws:dynamodb:*:*:table/${aws:username}"}`},
		{"a Deny", withoutUncertain, unscopedResource, allowAll + deny + onOrders + `}`, ""},
		{"a Deny beside a wildcard for a type", withoutUncertain, unscopedResource, get + `,"Resource":"arn:aws:dynamodb:*:*:t*/a"},` + deny + onOrders + `}`, get + `,"Resource":"arn:aws:dynamodb:*:*:t*/a"},` + gone + onOrders + `}`},
		{"a region in capitals", regionsInSmall, unscopedResource, get + `,"Resource":"arn:aws:dynamodb:US-EAST-1:*:table/a"}`, get + `,"Resource":["arn:aws:dynamodb:us-east-1:*:table/a"]}`},
		{"a region", regionsInSmall, unscopedResource, get + onOrders + `}`, ""},
		{"a variable", variablesAsStars, unscopedResource, get + `,"Resource":"arn:aws:dynamodb:*:*:table/${aws:username}-${*}"}`, get + `,"Resource":["arn:aws:dynamodb:*:*:table/*-${*}"]}`},
		{"no variable", variablesAsStars, unscopedResource, get + onOrders + `}`, ""},
		{"two conditions on a key", oneCondition, itemLevelCondition, get + onOrders + `,"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]},"StringEquals":{"aws:userid":["u"]},"StringLike":{"dynamodb:LeadingKeys":["b"]}}}`, ""},
		{"of which one narrows nothing", oneCondition, itemLevelCondition, get + onOrders + `,"Condition":{"ForAllValues:StringNotEquals":{"dynamodb:LeadingKeys":["a"]},"ForAnyValue:StringLike":{"dynamodb:LeadingKeys":["b"]},"StringEquals":{"aws:userid":["u"]}}}`,
			get + onOrders + `,"Condition":{"ForAllValues:StringNotEquals":{"dynamodb:LeadingKeys":["a"]},"StringEquals":{"aws:userid":["u"]}}}`},
		{"one condition on a key", oneCondition, itemLevelCondition, get + onOrders + condition("ForAllValues:StringLike", `["*"]`), ""},
		{"a short name", longerNames, unscopedResource, get + `,"Resource":"arn:aws:dynamodb:*:*:table/??"}`, get + `,"Resource":["arn:aws:dynamodb:*:*:table/??*"]}`},
		{"a name", longerNames, unscopedResource, get + onOrders + `}`, ""},
		{"a variable that is text", noVariables, itemLevelCondition, get + onOrders + condition("ForAnyValue:BinaryEquals", `["${aws:username}"]`), get + onOrders + condition("ForAnyValue:BinaryEquals", `["{aws:username}"]`)},
		{"a variable of a list", noVariables, itemLevelCondition, get + onOrders + condition("ForAnyValue:StringEquals", `["${aws:CalledVia}"]`), get + onOrders + condition("ForAnyValue:StringEquals", `["{aws:CalledVia}"]`)},
		{"a variable with a value", noVariables, itemLevelCondition, get + onOrders + condition("ForAnyValue:StringEquals", `["${aws:username}"]`), ""},
		{"the end of a label", anyLabel, sensitiveAction, get + `,"Resource":"arn:aws:dynamodb:*:*:table/*0"}`, get + `,"Resource":["arn:aws:dynamodb:*:*:table/*0*"]}`},
		{"a stream behind a star", wholeARNs, sensitiveAction, get + `,"Resource":"arn:*:table/a/stream/2024-01-01T00:00:00.000"}`, get + `,"Resource":["arn:*:*:*:*:table/a/stream/2024-01-01T00:00:00.000"]}`},
		{"a table behind a star", wholeARNs, sensitiveAction, get + `,"Resource":"arn:*:table/a"}`, ""},
		{"a question mark for a colon", colons, sensitiveAction, allowAll + deny + `,"NotResource":"arn:aws:dynamodb:us-east-1?111122223333:table/a"}`, allowAll + deny + `,"NotResource":["arn:aws:dynamodb:us-east-1:111122223333:table/a"]}`},
		{"a question mark in a name", colons, sensitiveAction, allowAll + deny + `,"NotResource":"arn:aws:dynamodb:us-east-1:111122223333:table/?"}`, ""},
		{"a table", anyLabel, sensitiveAction, get + onOrders + `}`, ""},
	}
	for _, tt := range tests {
		key := ""
		if tt.policy == itemLevelCondition {
			key = "dynamodb:LeadingKeys"
		}
		widened := question(t, tt.policy, "dynamodb:GetItem", key, tt.before).rewritten([]rewrite{{tt.name, tt.rewrite}})
		if tt.after == "" {
			if widened != nil {
				got, _ := encode(widened.Document)
				t.Errorf("%s: reports a change: %s", tt.name, got)
			}
			continue
		}
		if widened == nil {
			t.Errorf("%s: reports no change", tt.name)
			continue
		}
		want := question(t, tt.policy, "dynamodb:GetItem", key, tt.after).Document
		gotText, _ := encode(widened.Document)
		if wantText, _ := encode(want); string(gotText) != string(wantText) || !slices.Equal(widened.Known, []string{tt.name}) {
			t.Errorf("%s, known %q:\n got %s\nwant %s", tt.name, widened.Known, gotText, wantText)
		}
	}
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		pattern string
		want    bool
	}{
		{"*", true}, {"dynamodb:GetItem", true}, {"DynamoDB:getitem", true}, {"dynamodb:Get*", true}, {"dynamodb:*m", true}, {"*:G?tItem", true},
		{"dynamodb:*t*e*", true}, {"dynamodb:Get", false}, {"dynamodb:GetItem?", false}, {"dax:GetItem", false}, {"GetItem", false}, {"dynamodb:GetItem ", false},
	} {
		if got := names(tt.pattern, "dynamodb:GetItem"); got != tt.want {
			t.Errorf("names(%q) is %v", tt.pattern, got)
		}
	}
}
