package iam

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	ordersARN = "arn:aws:dynamodb:eu-west-1:111122223333:table/orders"
	appARN    = "arn:aws:iam::111122223333:role/team/app"
	aliceARN  = "arn:aws:sts::111122223333:assumed-role/app/alice"
)

func identityPolicies(statements ...string) []*Document {
	return []*Document{Parse(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, Identity)}
}

// TestAccess asks what a role may do on a table, whose policy may say something too.
func TestAccess(t *testing.T) {
	for _, c := range []struct {
		name, open, always string
		identity, boundary []string
		table              string // its policy
	}{
		{
			name:     "a Deny on the indexes of a table covers what an Allow on those of every table opens of it",
			identity: []string{`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/*/index/by-date"}`, `{"Effect":"Deny","Action":"*","Resource":"` + ordersARN + `/index/*"}`},
		},
		{
			name:     "how names of tables end says nothing of indexes",
			identity: []string{`{"Effect":"Allow","Action":"dynamodb:Query","Resource":"arn:aws:dynamodb:*:*:table/*-prod"}`},
		},
		{
			name: "a condition on the principal is decided, by the name of the role with its path and without",
			identity: []string{
				`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}}`,
				`{"Effect":"Allow","Action":"dynamodb:PutItem","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalAccount":"999988887777"}}}`,
				`{"Effect":"Allow","Action":"dynamodb:DeleteItem","Resource":"*","Condition":{"ArnEquals":{"aws:PrincipalArn":"` + appARN + `"}}}`,
			},
			open: "dynamodb:DeleteItem dynamodb:GetItem", always: "dynamodb:GetItem",
		},
		{
			name: "a Deny under the condition of the Allow leaves nothing, one under another narrows",
			identity: []string{
				`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}}`,
				`{"Effect":"Allow","Action":"dynamodb:Scan","Resource":"*"}`,
				`{"Effect":"Deny","Action":"dynamodb:PutItem","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":["vpce-1","vpce-2"]}}}`,
				`{"Effect":"Deny","Action":"dynamodb:Scan","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}}`,
			},
			open: "dynamodb:GetItem dynamodb:Scan",
		},
		{
			name:     "what contradicts the condition of the boundary is not open",
			identity: []string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalTag/team":"data"}}}`},
			boundary: []string{`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"data"}}}`},
		},
		{
			name:     "a request without TLS is none",
			identity: []string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`, `{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`},
			open:     "dynamodb:GetItem", always: "dynamodb:GetItem",
		},
		{
			name:     "the policy of the table lets a role in within its boundary, and everyone's sessions even against it",
			boundary: []string{`{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}`},
			table: `{"Effect":"Allow","Principal":{"AWS":"` + appARN + `"},"Action":["dynamodb:GetItem","dynamodb:PutItem"],"Resource":"` + ordersARN + `"},
				{"Effect":"Allow","Principal":"*","Action":"dynamodb:Scan","Resource":"` + ordersARN + `"},
				{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"dynamodb:Query","Resource":"` + ordersARN + `"}`,
			open: "dynamodb:GetItem dynamodb:Scan", always: "dynamodb:GetItem dynamodb:Scan",
		},
		{
			name:     "the policy of the table keeps the role out",
			identity: []string{`{"Effect":"Allow","Action":["dynamodb:GetItem","dynamodb:CreateBackup"],"Resource":"*"}`},
			table:    `{"Effect":"Deny","Principal":"*","Action":"dynamodb:GetItem","Resource":"*","Condition":{"ArnNotEquals":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/other"}}}`,
			open:     "dynamodb:CreateBackup", always: "dynamodb:CreateBackup",
		},
		{
			name:     "what the policy of the table says of one session holds for some of the role's",
			identity: []string{`{"Effect":"Allow","Action":["dynamodb:PutItem","dynamodb:Scan"],"Resource":"*"}`},
			table: `{"Effect":"Allow","Principal":{"AWS":"` + aliceARN + `"},"Action":"dynamodb:GetItem","Resource":"*"},
				{"Effect":"Deny","Principal":{"AWS":"` + aliceARN + `"},"Action":"dynamodb:PutItem","Resource":"*"},
				{"Effect":"Deny","NotPrincipal":{"AWS":["` + aliceARN + `","` + appARN + `","111122223333"]},"Action":"dynamodb:Scan","Resource":"*"}`,
			open: "dynamodb:GetItem dynamodb:PutItem dynamodb:Scan", always: "dynamodb:Scan",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := Holder{ARN: appARN, Account: "111122223333", Identity: identityPolicies(c.identity...)}
			if c.boundary != nil {
				h.Boundary = identityPolicies(c.boundary...)
			}
			var table *Document
			if c.table != "" {
				table = Parse(`{"Version":"2012-10-17","Statement":[`+c.table+`]}`, Resource)
			}
			rights := NewAccess(h, time.Time{}).On(TableRef{"aws", "eu-west-1", "111122223333", "orders"}, allActions, table, nil)
			if open, always := names(rights.Open.List()), names(rights.Always.List()); open != c.open || always != c.always {
				t.Errorf("open %q, always %q, want %q and %q", open, always, c.open, c.always)
			}
		})
	}
}

// TestBudget: the Denies of a principal count on the last of many tables as on the first, for each question has its own budget.
func TestBudget(t *testing.T) {
	var patterns []string
	for i := range 40 {
		patterns = append(patterns, fmt.Sprintf(`"arn:aws:dynamodb:*:*:table/t%02d*"`, i))
	}
	a := NewAccess(Holder{ARN: appARN, Account: "111122223333", Identity: identityPolicies(
		`{"Effect":"Allow","Action":"dynamodb:*","Resource":[`+strings.Join(patterns, ",")+`]}`,
		`{"Effect":"Deny","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:*:*:table/t*"}`)}, time.Time{})
	for i := range 2000 {
		table := TableRef{"aws", "eu-west-1", "111122223333", fmt.Sprintf("t%05d", i)}
		if open := a.On(table, allActions, nil, nil).Open; !open.Empty() {
			t.Fatalf("%s is open: %s", table.Name, names(open.List()))
		}
	}
}

// TestDivide holds groups of names to what they are for: on all tables of a group a principal may do the same.
func TestDivide(t *testing.T) {
	g := rand.New(rand.NewPCG(12, 12))
	pick := func(from ...string) string { return from[g.IntN(len(from))] }
	var list []string
	for _, team := range []string{"a", "ab", "orders", "orders-old", "old-orders", "x_1"} {
		for i := range 12 {
			list = append(list, fmt.Sprintf("%s%s%d", team, pick("", "-", "."), i))
		}
	}
	n := NewNames(list)
	ref := func(name string) TableRef { return TableRef{"aws", "eu-west-1", "111122223333", name} }
	for range 400 {
		var statements []string
		for range 1 + g.IntN(3) {
			var on []string
			for range 1 + g.IntN(2) {
				name := list[g.IntN(len(list))]
				cut := g.IntN(len(name))
				pattern := "table/" + pick(name, name[:cut]+"*", "*"+name[cut:], name[:cut]+"?"+name[cut+1:], "*", "*"+name[cut:cut+1]+"*", name[:cut]+"*"+name[cut:])
				pattern += pick("", "", "", "/index/*", "/index/by-date", "/*", strings.Repeat("?", 60)+"*")
				on = append(on, `"`+pick("arn:aws:dynamodb:*:*:", "arn:aws:dynamodb:us-east-1:*:", "arn:aws:dynamodb:eu-west-1:111122223333:")+pick(pattern, pattern, pattern, pattern, pattern[g.IntN(8):])+`"`)
			}
			statements = append(statements, fmt.Sprintf(`{"Effect":%q,"Action":"dynamodb:*",%q:[%s]}`, pick("Allow", "Allow", "Deny"), pick("Resource", "Resource", "NotResource"), strings.Join(on, ",")))
		}
		a := NewAccess(Holder{ARN: appARN, Account: "111122223333", Identity: identityPolicies(statements...)}, time.Time{})
		d := a.Divide(n, ref(""))
		groups, touched := slices.Clone(d.Group), slices.Clone(d.Touched)
		of := map[uint32]string{}
		for i, name := range n.list {
			rights := a.On(ref(name), allActions, nil, nil)
			says := names(rights.Open.List()) + "; " + names(rights.Always.List())
			if before, ok := of[groups[i]]; ok && before != says {
				t.Fatalf("%s is in group %d, of which another table is open otherwise: %s, %s\n%v", name, groups[i], says, before, statements)
			}
			of[groups[i]] = says
			if slices.Contains(touched, i) != (groups[i] != 0) || int(groups[i]) >= d.Groups {
				t.Fatalf("%s is in group %d of %d, touched %v", name, groups[i], d.Groups, touched)
			}
		}
	}
}

// TestImplies compares conditions by whether each request that meets the one meets the other.
func TestImplies(t *testing.T) {
	condition := func(operator string, values ...string) *Condition {
		op, ok := parseOperator(operator)
		if !ok {
			t.Fatalf("%s is no operator", operator)
		}
		return &Condition{Operator: op, Key: "aws:SourceVpce", Values: values}
	}
	for _, c := range []struct {
		of, other *Condition
		want      bool
	}{
		{condition("StringEquals", "a"), condition("StringEquals", "a", "b"), true},
		{condition("StringEquals", "a", "b"), condition("StringEquals", "a"), false},
		{condition("StringEquals", "a"), condition("StringLike", "a*"), true},
		{condition("StringLike", "a*"), condition("StringEquals", "a"), false},
		{condition("StringEquals", "a"), condition("StringEqualsIfExists", "a"), true},
		{condition("StringEqualsIfExists", "a"), condition("StringEquals", "a"), false},
		{condition("StringEquals", "a"), condition("StringNotEquals", "b"), true},
		{condition("StringEquals", "a", "b"), condition("StringNotEquals", "b"), false},
		{condition("StringEqualsIfExists", "a"), condition("StringNotEquals", "b"), true},
		{condition("StringNotEquals", "a", "b"), condition("StringNotEquals", "a"), true},
		{condition("StringNotEquals", "a"), condition("StringNotEquals", "a", "b"), false},
		{condition("StringNotEquals", "a"), condition("StringEquals", "b"), false},
		{condition("Bool", "true"), condition("BoolIfExists", "true"), true},
		{condition("Bool", "true"), condition("Bool", "false"), false},
		{condition("ForAllValues:StringEquals", "a"), condition("ForAllValues:StringEquals", "a"), false},
		{condition("StringEquals", "${aws:username}"), condition("StringEquals", "${aws:username}"), false},
		{condition("Null", "true"), condition("StringNotEquals", "a"), false},
	} {
		if got := c.of.implies(c.other, true); got != c.want {
			t.Errorf("%s implies %s: %v", c.of.Words(), c.other.Words(), got)
		}
	}
}
