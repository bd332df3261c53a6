package iam

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// declared is a table of a stack, of which neither the region nor the account is known.
func declared(name string) Named {
	return Named{Text: "${" + name + ".arn}", Name: "${" + name + ".name}", Ref: TableRef{Name: name}, Types: tableTypes}
}

func actionsNamed(names ...string) (set ActionSet) {
	for _, name := range names {
		set = set.Or(LookupAction(name).Of())
	}
	return set
}

// TestPropose: what is proposed of the first statement, one a line, and after "without" and "missing" what is not.
func TestPropose(t *testing.T) {
	var (
		orders  = Mention{Tables: []Named{declared("orders")}}
		stream  = Mention{Tables: []Named{{Text: "${orders.arn}", Name: "${orders.name}", Ref: TableRef{Name: "orders"}, Types: Stream}}}
		reading = Mention{Actions: actionsNamed("dynamodb:GetItem", "dynamodb:Query")}
		ofItems = Mention{Actions: actionsNamed("dynamodb:PutItem"), Tables: Parse(policy("Allow dynamodb:* on table/items"), Identity).Mentions()[0].Tables}
		before  = Parse(policy("Deny dynamodb:* on *; Allow dynamodb:GetItem on table/orders"), Identity).Mentions()[1]
		unnamed = Mention{Tables: []Named{{Text: "${t.arn}", Name: "${t.tableName}", Types: tableTypes}}}
		here    = Mention{Tables: []Named{{Text: "${orders.arn}", Name: "${orders.name}", Ref: TableRef{Region: "us-east-1", Name: "orders"}, Types: tableTypes}}}
		abroad  = Mention{Tables: []Named{{Text: "${orders.arn}", Name: "${orders.name}", Ref: TableRef{Region: "eu-west-1", Name: "orders"}, Types: tableTypes}}}
		cluster = Mention{Tables: []Named{{Text: "arn:aws:dax:us-east-1:111122223333:cache/c", Ref: TableRef{"aws", "us-east-1", "111122223333", "c"}, Types: Cluster}}}
	)
	var many []Mention
	for i := range 1000 {
		many = append(many, Mention{Tables: []Named{declared(fmt.Sprintf("orders-%d", i))}})
	}
	for _, tt := range []struct {
		policy   string
		mentions []Mention
		want     string
		used     []int
	}{
		{"Allow dynamodb:GetItem on table/orders", []Mention{orders}, "", nil},
		{"Deny dynamodb:* on *", []Mention{orders, reading}, "", nil},

		// The actions and the tables that the stack names, and nothing else.
		{"Allow dynamodb:* on *", []Mention{orders, reading, unnamed},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],` +
				`"Resource":["${orders.arn}","${orders.arn}/index/*","${t.arn}","${t.arn}/index/*"]}`, []int{0, 1, 2}},
		{"Allow dynamodb:* on *", []Mention{orders}, "missing the actions that it is to allow\nnamed ${orders.arn}", []int{0}},
		{"Allow dynamodb:* on *", []Mention{reading}, "missing the tables that it is about\nnamed dynamodb:GetItem\nnamed dynamodb:Query", []int{0}},
		{"Allow dynamodb:* on *", nil, "missing the actions that it is to allow\nmissing the tables that it is about", nil},
		{"Allow dax:* on *", []Mention{orders}, "missing the actions that it is to allow\nmissing the DAX clusters that it is about", nil},

		// A part of a name names actions too, but for those that are meant for principals of their own.
		{"Allow dynamodb:*Item on *", []Mention{orders, reading},
			`{"Effect":"Allow","Action":["dynamodb:BatchGetItem","dynamodb:BatchWriteItem","dynamodb:ConditionCheckItem","dynamodb:DeleteItem",` +
				`"dynamodb:GetItem","dynamodb:PutItem","dynamodb:UpdateItem"],"Resource":"${orders.arn}"}`, []int{0}},
		{"Allow dynamodb:Put* on *", []Mention{orders}, `{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"${orders.arn}"}` +
			"\nwithout dynamodb:PutResourcePolicy: for principals that are meant for it", []int{0}},
		{"Allow dynamodb:D* on *", []Mention{orders}, "missing the actions that it is to allow\nnamed ${orders.arn}", []int{0}},
		{"Allow dynamodb:Delete* on table/orders", nil, `{"Effect":"Allow","Action":"dynamodb:DeleteItem","Resource":"` + longARN("table/orders") + `"}` +
			"\nwithout dynamodb:DeleteGlobalTableWitness, dynamodb:DeleteResourcePolicy, dynamodb:DeleteTable, dynamodb:DeleteTableReplica: " +
			"for principals that are meant for it", nil},
		{"Allow dynamodb:GetItem,dynamodb:Gettem on *", []Mention{orders}, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.arn}"}` +
			"\nwithout dynamodb:Gettem, which is no action", []int{0}},
		{"Allow dynamodb:*,dax:* on *", []Mention{orders, reading},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":["${orders.arn}","${orders.arn}/index/*"]}` +
				"\nwithout dax:*, of which nothing names an action", []int{0, 1}},
		{"Allow dynamodb:CreateBackup,dynamodb:ListBackups on *", []Mention{orders},
			`{"Effect":"Allow","Action":"dynamodb:CreateBackup","Resource":"${orders.arn}"}` + "\n" +
				`{"Effect":"Allow","Action":"dynamodb:ListBackups","Resource":"*"}`, []int{0}},
		{"Allow dynamodb:DeleteTable on *", []Mention{orders}, "missing the actions that it is to allow\nnamed ${orders.arn}", []int{0}},

		// What mentions the statement's own tables goes before what does not.
		{"Allow dynamodb:* on table/items", []Mention{orders, reading, ofItems},
			`{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"` + longARN("table/items") + `"}`, []int{2}},
		{"Allow dynamodb:* on table/orders", []Mention{reading, ofItems},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem","dynamodb:Query"],"Resource":"` + longARN("table/orders") + `"}`, []int{0, 1}},

		{"Allow dynamodb:* on table/orders; Allow dynamodb:GetItem on table/orders", []Mention{orders, before},
			`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"` + longARN("table/orders") + `"}` + "\nredundant", []int{1}},
		{"Allow dynamodb:*,s3:* on *; Allow dynamodb:GetItem on table/orders", []Mention{before},
			`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"` + longARN("table/orders") + `"}` + "\n" + `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`, []int{0}},
		{"Allow dynamodb:GetItem,dynamodb:* on table/orders,table/items; Allow dynamodb:GetItem on table/orders", []Mention{before},
			`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":["` + longARN("table/orders") + `","` + longARN("table/items") + `"]}`, []int{0}},

		{"Allow dynamodb:GetItem on *", many, "missing room for all that it names in one policy", nil},

		// A stream alone where nothing else is named.
		{"Allow dynamodb:GetRecords,dynamodb:GetShardIterator,dynamodb:DescribeStream,dynamodb:ListStreams on *", []Mention{stream},
			`{"Effect":"Allow","Action":["dynamodb:DescribeStream","dynamodb:GetRecords","dynamodb:GetShardIterator"],"Resource":"${orders.arn}/stream/*"}` + "\n" +
				`{"Effect":"Allow","Action":"dynamodb:ListStreams","Resource":"*"}`, []int{0}},
		{"Allow dynamodb:GetRecords on *", []Mention{unnamed, stream}, `{"Effect":"Allow","Action":"dynamodb:GetRecords","Resource":"${orders.arn}/stream/*"}`, []int{1}},
		{"Allow dynamodb:GetRecords on *", []Mention{unnamed}, `{"Effect":"Allow","Action":"dynamodb:GetRecords","Resource":"${t.arn}/stream/*"}`, []int{0}},
		{"Allow dynamodb:GetItem on *", []Mention{stream}, "missing the tables that it is about", nil},

		// No more than the statement's own resources: their region and account, where those of the table are not known.
		{"Allow dynamodb:Query on table/*", []Mention{orders},
			`{"Effect":"Allow","Action":"dynamodb:Query","Resource":["` + longARN("table/${orders.name}") + `","` + longARN("table/${orders.name}/index/*") + `"]}`, []int{0}},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:*:*:table/*", []Mention{here}, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:*:*:table/${orders.name}"}`, []int{0}},
		{"Allow dynamodb:GetItem on arn:aws:dynamodb:us-*:*:table/*", []Mention{here}, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:us-*:*:table/${orders.name}"}`, []int{0}},
		{"Allow dynamodb:GetItem on table/*", []Mention{abroad}, "missing the tables that it is about", nil},
		{"Allow dynamodb:GetItem,dynamodb:Query on table/*/index/*", []Mention{orders},
			`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"` + longARN("table/${orders.name}/index/*") + `"}` +
				"\nwithout dynamodb:GetItem, which it allows on nothing", []int{0}},
		{"Allow dynamodb:*Item on *; Deny dynamodb:PutItem on *", []Mention{orders},
			`{"Effect":"Allow","Action":["dynamodb:BatchGetItem","dynamodb:BatchWriteItem","dynamodb:ConditionCheckItem","dynamodb:DeleteItem",` +
				`"dynamodb:GetItem","dynamodb:UpdateItem"],"Resource":"${orders.arn}"}`, []int{0}},
		{"Allow dynamodb:GetItem on table/users,*", []Mention{orders},
			`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":["` + longARN("table/users") + `","${orders.arn}"]}`, []int{0}},
		{"Allow dynamodb:GetItem on !table/orders", []Mention{orders, unnamed}, "missing the tables that it is about", nil},
		{"Allow dynamodb:GetItem on !table/users", []Mention{orders},
			`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.arn}"}`, []int{0}},
		{"Allow dax:GetItem on *", []Mention{cluster, orders},
			`{"Effect":"Allow","Action":"dax:GetItem","Resource":"arn:aws:dax:us-east-1:111122223333:cache/c"}`, []int{0}},

		// Other services keep what they have.
		{"Allow s3:*,dynamodb:GetItem on arn:aws:s3:::b,*", []Mention{orders}, `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.arn}"}` + "\n" +
			`{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::b","*"]}`, []int{0}},
		{"Allow * on *", []Mention{orders, reading},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":["${orders.arn}","${orders.arn}/index/*"]}` + "\n" +
				`{"Effect":"Allow","NotAction":["dynamodb:*","dax:*"],"Resource":"*"}`, []int{0, 1}},
		{"Allow !iam:*,dynamodb:Delete* on *", []Mention{orders, reading},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":["${orders.arn}","${orders.arn}/index/*"]}` + "\n" +
				`{"Effect":"Allow","NotAction":["iam:*","dynamodb:*","dax:*"],"Resource":"*"}`, []int{0, 1}},
		{"Allow * on table/orders", []Mention{reading},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":"` + longARN("table/orders") + `"}`, []int{0}},
		{"Allow *:GetItem on *", []Mention{orders, reading}, "missing the services of *:GetItem", nil},

		// A condition stays, and must fit.
		{`Allow dynamodb:* on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}`, []Mention{orders, reading},
			`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:Query"],"Resource":["${orders.arn}","${orders.arn}/index/*"],` +
				`"Condition":{"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["${aws:username}"]}}}`, []int{0, 1}},
		{`Allow dynamodb:* on * if {"ForAllValues:StringEquals":{"dynamodb:LeadingKeys":["a"]}}`, []Mention{orders, {Actions: actionsNamed("dynamodb:Scan")}},
			"missing a condition that confines its actions to items", nil},
		{`Allow dynamodb:GetItem on * if {"IpAddress":{"aws:SourceIp":"10.0.0.1"}}`, []Mention{orders}, "missing a condition, or a resource, that its actions meet", nil},
	} {
		d := parse(t, tt.policy, Identity)
		got := d.Propose(0, tt.mentions, time.Time{})
		if diff := cmp.Diff(tt.want, described(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.policy, diff)
		}
		if !slices.Equal(got.Used, tt.used) {
			t.Errorf("%s: used are %v, want %v", tt.policy, got.Used, tt.used)
		}
	}
}

func described(p Proposal) string {
	lines := slices.Clone(p.Statements)
	if p.Redundant {
		lines = append(lines, "redundant")
	}
	for _, s := range p.LeftOut {
		lines = append(lines, "without "+s)
	}
	for _, s := range p.Missing {
		lines = append(lines, "missing "+s)
	}
	for _, s := range p.Named {
		lines = append(lines, "named "+s)
	}
	return strings.Join(lines, "\n")
}

// TestProposeWritten: what a statement has besides stays as it is written; the first of several has the Sid. The policy of a table
// needs no resource.
func TestProposeWritten(t *testing.T) {
	reading := []Mention{{Actions: actionsNamed("dynamodb:GetItem", "dynamodb:ListTables"), Tables: []Named{declared("orders")}}}
	for _, tt := range []struct {
		kind             Kind
		statements, want string
	}{
		{Identity, `{"Sid":"A\u0042","Effect":"Allow","Action":"*","Resource":"*","Condition":{ "Bool" : {"aws:SecureTransport":true} }}`,
			`{"Sid":"A\u0042","Effect":"Allow","Action":"dynamodb:GetItem","Resource":"${orders.arn}","Condition":{ "Bool" : {"aws:SecureTransport":true} }}` + "\n" +
				`{"Effect":"Allow","Action":"dynamodb:ListTables","Resource":"*","Condition":{ "Bool" : {"aws:SecureTransport":true} }}` + "\n" +
				`{"Effect":"Allow","NotAction":["dynamodb:*","dax:*"],"Resource":"*","Condition":{ "Bool" : {"aws:SecureTransport":true} }}`},
		{Resource, `[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"dynamodb:*"}]`,
			`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":"dynamodb:GetItem"}`},
		{Identity, `[{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Extra":1}]`, "missing a document that IAM takes"},
	} {
		d := Parse(`{"Id":"x","Statement":`+tt.statements+`,"Version":"2012-10-17"}`, tt.kind)
		if diff := cmp.Diff(tt.want, described(d.Propose(0, reading, time.Time{}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.statements, diff)
		}
	}
	part := ParsePart(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:*","`+Unknown+`"],"Resource":"*"}]}`, Identity)
	if got := described(part.Propose(0, reading, time.Time{})); got != "missing what is not known of it yet" {
		t.Errorf("of a part: %s", got)
	}
}

// TestMentions: what a document names.
func TestMentions(t *testing.T) {
	d := parse(t, "Allow dynamodb:getitem,dynamodb:Put*,s3:x on table/orders,table/orders/index/*,table/users/stream/*,table/*,*,arn:aws:dynamodb:*:*:table/log-*,"+
		"arn:aws:s3:::b,arn:aws:dax:us-east-1:111122223333:cache/c,arn:aws:dynamodb:us-east-1:*:table/${aws:username}; Deny dynamodb:Query on table/other; "+
		"Allow !dynamodb:Scan on table/items", Identity)
	want := map[int]Mention{0: {Allows: true, Actions: actionsNamed("dynamodb:GetItem"), Tables: []Named{
		{Text: longARN("table/orders"), Ref: TableRef{"aws", "us-east-1", "111122223333", "orders"}, Types: tableTypes},
		{Text: longARN("table/users"), Ref: TableRef{"aws", "us-east-1", "111122223333", "users"}, Types: Stream},
		{Text: "arn:aws:dynamodb:*:*:table/log-*", Ref: TableRef{"aws", "*", "*", "log-*"}, Types: tableTypes},
		{Text: "arn:aws:dax:us-east-1:111122223333:cache/c", Ref: TableRef{"aws", "us-east-1", "111122223333", "c"}, Types: Cluster},
	}}}
	if diff := cmp.Diff(want, d.Mentions()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzPropose holds what a proposal must be for random policies and mentions.
func FuzzPropose(f *testing.F) {
	for seed := range uint64(50) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) { checkPropose(t, rand.New(rand.NewPCG(seed, 11))) })
}

// TestProposeRules is a share of FuzzPropose for every run.
func TestProposeRules(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	proposals := 0
	for range 5000 {
		proposals += checkPropose(t, random)
	}
	if proposals < 1000 {
		t.Errorf("only %d of 5000 have a proposal", proposals)
	}
}

func randomMentions(random *rand.Rand) (mentions []Mention) {
	regions := map[string]string{}
	for _, name := range []string{"orders", "items", "users"} {
		regions[name] = pick(random, "", "us-east-1", "eu-west-1")
	}
	for range random.IntN(4) {
		var m Mention
		if random.IntN(2) == 0 {
			m.Actions = pick(random, actionsNamed("dynamodb:GetItem", "dynamodb:Query"), actionsNamed("dynamodb:GetRecords", "dynamodb:ListTables"),
				actionsNamed("dynamodb:DeleteTable", "dynamodb:PutItem"), actionsNamed("dax:GetItem"))
		}
		if random.IntN(3) > 0 {
			n := declared(pick(random, "orders", "items", "users"))
			n.Ref.Region = regions[n.Ref.Name]
			n.Types = pick(random, tableTypes, tableTypes, Stream)
			m.Tables = pick(random, []Named{n}, Parse(policy(randomStatement(random, "Allow")), Identity).Mentions()[0].Tables)
		}
		mentions = append(mentions, m)
	}
	return mentions
}

// checkPropose checks a proposal of each statement of a random policy: nothing is said of it, and it allows no request that the
// policy does not. It returns how many there are.
func checkPropose(t *testing.T, random *rand.Rand) (proposals int) {
	t.Helper()
	notation := randomPolicy(random)
	d := Parse(policy(notation), Identity)
	mentions := randomMentions(random)
	for _, st := range d.Statements {
		p := d.Propose(st.Index, mentions, time.Time{})
		if len(p.Statements) == 0 {
			continue
		}
		proposals++
		// Where it is not known where a table is, it may be anywhere.
		var refs []string
		for _, m := range mentions {
			for _, n := range m.Tables {
				region := n.Ref.Region
				if region == "" {
					region = pick(random, "us-east-1", "eu-west-1")
				}
				if n.Name != "" {
					refs = append(refs, n.Text, "arn:aws:dynamodb:"+region+":"+pick(random, "111122223333", "444455556666")+":table/"+n.Ref.Name, n.Name, n.Ref.Name)
				}
			}
		}
		text := strings.NewReplacer(refs...).Replace(fmt.Sprintf(`{"Version":"2012-10-17","Statement":[%s]}`, strings.Join(p.Statements, ",")))
		proposed := Parse(text, Identity)
		for _, e := range proposed.Errors {
			t.Errorf("%s: %s is refused: %v", notation, text, e)
		}
		if said := found(proposed); len(said) > 0 {
			t.Errorf("%s: of %s is said %q", notation, text, said)
		}
		original := Parse(policy(strings.Split(notation, "; ")[st.Index]), Identity)
		for range 40 {
			request := Request{
				Action: pick(random, "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:GetRecords", "dynamodb:ListTables", "dynamodb:BatchGetItem",
					"dynamodb:DescribeTable", "dax:GetItem", "s3:GetObject", "iam:PassRole", "dynamodb:DeleteTable"),
				Resource: pick(random, "arn:aws:dynamodb:us-east-1:111122223333:table/", "arn:aws:dynamodb:eu-west-1:444455556666:table/", "arn:aws:dynamodb:us-east-1:444455556666:table/") +
					pick(random, "orders", "items", "users", "orders/index/by-date", "orders/stream/2024-01-01T00:00:00.000"),
				Principal: "arn:aws:iam::111122223333:user/alice",
				Context: pick(random, nil, map[string][]string{"aws:SecureTransport": {"true"}, "aws:ResourceTag/team": {"a"}},
					map[string][]string{"dynamodb:LeadingKeys": {"a"}, "aws:PrincipalTag/t": {"orders"}}),
			}
			request.Account = "111122223333" // so that what decides is the document alone
			request.Identity = []*Document{proposed}
			now := Evaluate(request)
			request.Identity = []*Document{original}
			if now.Verdict == Allowed && Evaluate(request).Verdict != Allowed {
				t.Errorf("%s: %s allows %s on %s with %v, which the statement does not", notation, text, request.Action, request.Resource, request.Context)
			}
		}
	}
	return proposals
}
