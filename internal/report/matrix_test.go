package report_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
	"dynamoguard/policies"
)

// A matrixStack is a stack as the engine has it at its end.
type matrixStack struct {
	project, stack string
	resources      []*resource.Resource
}

// add adds a resource. A property is a text, a resource.Value or a list of texts.
func (s *matrixStack) add(typ, name string, properties map[string]any) {
	members := map[string]resource.Value{}
	for k, v := range properties {
		switch v := v.(type) {
		case string:
			members[k] = resource.StringValue(v)
		case []string:
			list := make([]resource.Value, len(v))
			for i, e := range v {
				list[i] = resource.StringValue(e)
			}
			members[k] = resource.ArrayValue(list)
		case resource.Value:
			members[k] = v
		}
	}
	s.resources = append(s.resources, &resource.Resource{
		URN:  resource.URN("urn:pulumi:" + s.stack + "::" + s.project + "::" + typ + "::" + name),
		Type: typ, Name: name, Properties: resource.ObjectValue(members),
	})
}

const (
	ours   = "111122223333"
	theirs = "999988887777"
)

func tableARN(account, name string) string {
	return "arn:aws:dynamodb:eu-west-1:" + account + ":table/" + name
}

func (s *matrixStack) table(account, name string) {
	s.add(facts.Table, account+"-"+name, map[string]any{"name": name, "arn": tableARN(account, name)})
}

func (s *matrixStack) principal(account, kind, name string, more map[string]any) {
	properties := map[string]any{"name": name, "arn": "arn:aws:iam::" + account + ":" + kind + "/" + name}
	for k, v := range more {
		properties[k] = v
	}
	s.add("aws:iam/"+kind+":"+strings.ToUpper(kind[:1])+kind[1:], name, properties)
}

// inline gives a principal a policy.
func (s *matrixStack) inline(kind, name string, document any) {
	title := strings.ToUpper(kind[:1]) + kind[1:]
	s.add("aws:iam/"+kind+"Policy:"+title+"Policy", name, map[string]any{kind: name, "policy": document})
}

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func allow(action string, more string, resources ...string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Action":%q,"Resource":["%s"]%s}`, action, strings.Join(resources, `","`), more)
}

// matrixOf is the matrix of some stacks.
func matrixOf(t *testing.T, stacks ...*matrixStack) *report.Matrix {
	t.Helper()
	return reportOf(t, nil, stacks...).Matrix
}

// reportOf is the report on some stacks by some policies.
func reportOf(t *testing.T, by []*policy.Policy, stacks ...*matrixStack) *report.Report {
	t.Helper()
	var m *report.Maker
	for _, s := range stacks {
		e := engine.New(by, func() time.Time { return now })
		e.AnalyzeStack(append([]*resource.Resource{{URN: resource.RootURN(s.project, s.stack), Type: resource.StackType}}, s.resources...))
		run := e.Run()
		if m == nil {
			m = report.New(report.OfState, "", now, append([]*policy.Policy{}, by...), run.Config)
		}
		m.Add(report.Source{Run: run})
	}
	return m.Report()
}

// drawn writes a matrix with a letter for each right: r, w, a, p where it is open, in brackets under conditions, ? where it may be.
func drawn(m *report.Matrix) string {
	var out strings.Builder
	for _, p := range m.Principals {
		fmt.Fprintf(&out, "%s %s", p.Kind, p.Name)
		if p.ARN == "" && p.Kind == "role" {
			out.WriteString(" of no known ARN, account " + p.Account)
		}
		if p.Outside {
			out.WriteString(" (outside)")
		}
		out.WriteString("\n")
		for i, a := range p.Cells() {
			fmt.Fprintf(&out, "  %s/%s %s", m.Tables[i].Account, m.Tables[i].Name, letters(a))
			by := map[int]bool{}
			for _, right := range a.Rights() {
				for _, s := range right.By {
					by[s] = true
				}
			}
			for s := range m.Statements {
				if st := &m.Statements[s]; by[s] {
					fmt.Fprintf(&out, "\n    %s, %s: %s%s", st.Source, st.Effect, st.URN.Name(), st.Policy)
					if st.Path != "" {
						fmt.Fprintf(&out, " %s", st.Path)
					}
					if st.Sid != "" {
						fmt.Fprintf(&out, " %s", st.Sid)
					}
					for _, c := range st.Conditions {
						fmt.Fprintf(&out, "; %s", c)
					}
				}
			}
			out.WriteString("\n")
		}
		for _, b := range p.Beyond {
			fmt.Fprintf(&out, "  beyond %s: %s\n", letters(&b.Access), b.Text)
		}
		for _, u := range p.Unknown {
			fmt.Fprintf(&out, "  unknown: %s\n", u)
		}
	}
	for _, u := range m.Unknown {
		fmt.Fprintf(&out, "unknown: %s\n", u)
	}
	return out.String()
}

// letters writes the levels of an access.
func letters(a *report.Access) (letters string) {
	for name, right := range a.Rights() {
		letters += map[report.AccessLevel]string{
			report.NoAccess: "-", report.UnknownAccess: "?", report.ConditionalAccess: "(" + name[:1] + ")", report.FullAccess: name[:1],
		}[right.Level]
	}
	return letters
}

// TestMatrix draws the matrices of stacks, each with one thing to know of.
func TestMatrix(t *testing.T) {
	everything := resource.UnknownValue()
	for _, c := range []struct {
		name  string
		stack func(s *matrixStack)
		want  string
	}{
		{"a Deny under a condition narrows, one without takes away", func(s *matrixStack) {
			s.table(ours, "carts")
			s.table(ours, "orders")
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", document(allow("dynamodb:*Item", "", tableARN(ours, "*")),
				`{"Sid":"NotCarts","Effect":"Deny","Action":"*","Resource":"`+tableARN(ours, "carts")+`"}`,
				`{"Sid":"MFA","Effect":"Deny","Action":"dynamodb:PutItem","Resource":"*","Condition":{"BoolIfExists":{"aws:MultiFactorAuthPresent":"false"}}}`,
				`{"Sid":"TLS","Effect":"Deny","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}`))
		}, `
role app
  111122223333/orders rw--
    identity policy, Allow: app policy.Statement[0]
    identity policy, Deny: app policy.Statement[2] MFA; BoolIfExists aws:MultiFactorAuthPresent "false"
  beyond rw--: arn:aws:dynamodb:eu-west-1:111122223333:table/*
`},
		{"a boundary keeps what it does not name", func(s *matrixStack) {
			s.table(ours, "carts")
			s.table(ours, "orders")
			s.add(facts.ManagedPolicy, "edge", map[string]any{"name": "edge", "arn": "arn:aws:iam::" + ours + ":policy/edge",
				"policy": document(allow("dynamodb:GetItem", "", tableARN(ours, "orders")))})
			s.principal(ours, "role", "app", map[string]any{"permissionsBoundary": "arn:aws:iam::" + ours + ":policy/edge"})
			s.inline("role", "app", document(allow("dynamodb:*", "", "*")))
		}, `
role app
  111122223333/orders r---
    identity policy, Allow: app policy.Statement[0]
    permissions boundary, Allow: edge policy.Statement[0]
  beyond (r)---: *
`},
		{"what a boundary that is not known lets through is not known", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", map[string]any{"permissionsBoundary": "arn:aws:iam::" + ours + ":policy/elsewhere"})
			s.inline("role", "app", document(allow("dynamodb:GetItem", "", tableARN(ours, "orders"))))
		}, `
role app
  111122223333/orders ?---
    identity policy, Allow: app policy.Statement[0]
`},
		{"a boundary that AWS manages lets nothing of DynamoDB through", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", map[string]any{"permissionsBoundary": "arn:aws:iam::aws:policy/AmazonSNSFullAccess"})
			s.inline("role", "app", document(allow("dynamodb:GetItem", "", tableARN(ours, "orders"))))
		}, `
role app
`},
		{"a policy that is not known may grant anything in its account", func(s *matrixStack) {
			s.table(ours, "orders")
			s.table(theirs, "orders")
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", everything)
		}, `
role app
  111122223333/orders ????
  unknown: policy of aws:iam:RolePolicy "app" is not known
`},
		{"users have what their groups have, and a name of their own", func(s *matrixStack) {
			s.table(ours, "alice-notes")
			s.table(ours, "bob-notes")
			s.principal(ours, "group", "writers", nil)
			s.inline("group", "writers", document(allow("dynamodb:PutItem", "", tableARN(ours, "${aws:username}-notes"))))
			s.principal(ours, "user", "alice", nil)
			s.add(facts.UserMemberships, "alice", map[string]any{"user": "alice", "groups": []string{"writers"}})
		}, `
group writers
  111122223333/alice-notes -(w)--
    identity policy, Allow: writers policy.Statement[0]
  111122223333/bob-notes -(w)--
    identity policy, Allow: writers policy.Statement[0]
  beyond -(w)--: arn:aws:dynamodb:eu-west-1:111122223333:table/${aws:username}-notes
user alice
  111122223333/alice-notes -w--
    identity policy, Allow: writers policy.Statement[0]
`},
		{"policies that AWS manages, of which only the names are known, and one that nobody knows", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", map[string]any{"managedPolicyArns": []string{
				"arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess", "arn:aws:iam::" + ours + ":policy/elsewhere",
			}})
		}, `
role app
  111122223333/orders r???
    identity policy, Allow: arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess
  beyond r???: *
  unknown: managedPolicyArns[1] of aws:iam:Role "app" names a policy whose document is not known
`},
		{"whom the policy of a table lets in, also from outside", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", nil)
			s.principal(ours, "role", "batch", nil)
			s.inline("role", "batch", document(allow("dynamodb:Scan", "", "*")))
			principal := func(who string) string { return `,"Principal":` + who }
			s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": document(
				allow("dynamodb:GetItem", principal(`{"AWS":"arn:aws:iam::`+ours+`:role/app"}`), tableARN(ours, "orders")),
				allow("dynamodb:Query", principal(`{"AWS":"`+theirs+`"}`), tableARN(ours, "orders")),
				allow("dynamodb:PutItem", principal(`"*"`)+`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}`, tableARN(ours, "orders")),
				`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::`+ours+`:role/batch"},"Action":"dynamodb:*","Resource":"*"}`,
			)})
		}, `
role app
  111122223333/orders r(w)--
    resource policy, Allow: orders policy.Statement[0]
    resource policy, Allow: orders policy.Statement[2]; StringEquals aws:PrincipalOrgID "o-a1b2c3d4e5"
role batch
  beyond r---: *
organization o-a1b2c3d4e5 (outside)
  111122223333/orders -w--
    resource policy, Allow: orders policy.Statement[2]; StringEquals aws:PrincipalOrgID "o-a1b2c3d4e5"
account 999988887777 (outside)
  111122223333/orders r(w)--
    resource policy, Allow: orders policy.Statement[2]; StringEquals aws:PrincipalOrgID "o-a1b2c3d4e5"
    resource policy, Allow: orders policy.Statement[1]
`},
		{"a table that is only named, here and in another account", func(s *matrixStack) {
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", document(allow("dynamodb:GetItem", "", tableARN(ours, "orders"), tableARN(theirs, "carts"))))
		}, `
role app
  111122223333/orders r---
    identity policy, Allow: app policy.Statement[0]
  999988887777/carts ?---
    identity policy, Allow: app policy.Statement[0]
`},
		{"a role that is not created yet, and the policy of a table that names it", func(s *matrixStack) {
			s.table(ours, "orders")
			s.add(facts.Role, "app", map[string]any{"name": "app", "arn": everything})
			s.resources[1].Provider = &resource.Provider{Type: "pulumi:providers:aws", Name: "main", Properties: resource.ObjectValue(map[string]resource.Value{
				"region": resource.StringValue("eu-west-1"), "allowedAccountIds": resource.ArrayValue([]resource.Value{resource.StringValue(ours)}),
			})}
			s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": document(
				allow("dynamodb:GetItem", `,"Principal":{"AWS":"arn:aws:iam::`+ours+`:role/app"}`, tableARN(ours, "orders")))})
		}, `
role app of no known ARN, account 111122223333
  111122223333/orders r---
    resource policy, Allow: orders policy.Statement[0]
`},
		{"a permission set holds in accounts that the stack does not tell", func(s *matrixStack) {
			s.table(ours, "orders")
			s.add(facts.SSOPermissionSet, "readers", map[string]any{"name": "readers", "arn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1"})
			s.add(facts.PermissionSet, "readers", map[string]any{"permissionSetArn": "arn:aws:sso:::permissionSet/ssoins-1/ps-1",
				"inlinePolicy": document(allow("dynamodb:GetItem", "", tableARN(ours, "*")))})
		}, `
permission set readers
  111122223333/orders ?---
    identity policy, Allow: readers inlinePolicy.Statement[0]
  beyond r---: arn:aws:dynamodb:eu-west-1:111122223333:table/*
`},
		{"whom the policy of a table lets in by something that its principals may be: by a condition, or but for some", func(s *matrixStack) {
			for i, statements := range [][]string{
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"arn:aws:iam::`+theirs+`:root"},"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::`+theirs+`:role/app-*"}}`, "*")},
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"},"Condition":{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, "*")},
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"},"Condition":{"StringLike":{"aws:username":"bob*"}}`, "*")},
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*"),
					`{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::` + theirs + `:role/app-*"}}}`},
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*"),
					`{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::` + theirs + `:role/app","` + theirs + `"]},"Action":"*","Resource":"*"}`},
				{allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*"),
					`{"Effect":"Deny","Principal":{"AWS":"` + theirs + `"},"Action":"*","Resource":"*"}`},
			} {
				name := fmt.Sprint("table", i)
				s.table(ours, name)
				s.add(facts.TablePolicy, name, map[string]any{"resourceArn": tableARN(ours, name), "policy": document(statements...)})
			}
		}, `
account 999988887777 (outside)
  111122223333/table0 (r)---
    resource policy, Allow: table0 policy.Statement[0]; ArnLike aws:PrincipalArn "arn:aws:iam::999988887777:role/app-*"
  111122223333/table1 (r)---
    resource policy, Allow: table1 policy.Statement[0]; StringEquals aws:PrincipalType "AssumedRole"
  111122223333/table2 (r)---
    resource policy, Allow: table2 policy.Statement[0]; StringLike aws:username "bob*"
  111122223333/table3 (r)---
    resource policy, Deny: table3 policy.Statement[1]; ArnNotLike aws:PrincipalArn "arn:aws:iam::999988887777:role/app-*"
    resource policy, Allow: table3 policy.Statement[0]
  111122223333/table4 (r)---
    resource policy, Deny: table4 policy.Statement[1]
    resource policy, Allow: table4 policy.Statement[0]
`},
		{"services, which are of no account also where they may work for one alone", func(s *matrixStack) {
			for i, more := range []string{
				`,"Principal":{"Service":"redshift.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"` + ours + `"}}`,
				`,"Principal":{"Service":"redshift.amazonaws.com"},"Condition":{"ArnEquals":{"aws:SourceArn":"arn:aws:redshift:eu-west-1:` + theirs + `:integration:x"}}`,
				`,"Principal":"*","Condition":{"StringEquals":{"aws:SourceAccount":"` + ours + `"}}`,
			} {
				name := fmt.Sprint("table", i)
				s.table(ours, name)
				s.add(facts.TablePolicy, name, map[string]any{"resourceArn": tableARN(ours, name), "policy": document(allow("dynamodb:GetItem", more, "*"))})
			}
		}, `
service aws:SourceAccount 111122223333 (outside)
  111122223333/table2 r---
    resource policy, Allow: table2 policy.Statement[0]; StringEquals aws:SourceAccount "111122223333"
service redshift.amazonaws.com (outside)
  111122223333/table0 (r)---
    resource policy, Allow: table0 policy.Statement[0]; StringEquals aws:SourceAccount "111122223333"
  111122223333/table1 (r)---
    resource policy, Allow: table1 policy.Statement[0]; ArnEquals aws:SourceArn "arn:aws:redshift:eu-west-1:999988887777:integration:x"
  111122223333/table2 (r)---
    resource policy, Allow: table2 policy.Statement[0]; StringEquals aws:SourceAccount "111122223333"
`},
		{"a session of a role, of whom a stack declares one: whoever assumes that chooses the name", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", document(allow("dynamodb:PutItem", "", tableARN(ours, "orders"))))
			session := func(role string) string { return `{"AWS":"arn:aws:sts::` + ours + `:assumed-role/` + role + `/alice"}` }
			s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": document(
				allow("dynamodb:GetItem", `,"Principal":`+session("app"), tableARN(ours, "orders")),
				allow("dynamodb:GetItem", `,"Principal":`+session("other"), tableARN(ours, "orders")),
				`{"Effect":"Deny","Principal":`+session("app")+`,"Action":"dynamodb:PutItem","Resource":"*"}`)})
		}, `
role app
  111122223333/orders (r)(w)--
    resource policy, Allow: orders policy.Statement[0]
    resource policy, Deny: orders policy.Statement[2]
    identity policy, Allow: app policy.Statement[0]
principal arn:aws:sts::111122223333:assumed-role/other/alice (outside)
  111122223333/orders r---
    resource policy, Allow: orders policy.Statement[1]
`},
		{"a policy that is a secret does not tell whom it lets in", func(s *matrixStack) {
			s.table(ours, "orders")
			s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"),
				"policy": resource.StringValue(document(allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*"))).AsSecret()})
		}, `
unknown: policy of aws:dynamodb:ResourcePolicy "orders" is a secret, so whom it lets in from outside is not shown
`},
		{"the policies of two streams of a table, and two of the table itself", func(s *matrixStack) {
			s.table(ours, "orders")
			for _, c := range []struct{ name, below, action string }{
				{"a", "/stream/2024-01-01T00:00:00.000", "dynamodb:GetRecords"}, {"b", "/stream/2025-01-01T00:00:00.000", "dynamodb:GetRecords"},
				{"c", "", "dynamodb:PutItem"}, {"d", "", "dynamodb:DeleteTable"},
			} {
				s.add(facts.TablePolicy, c.name, map[string]any{"resourceArn": tableARN(ours, "orders") + c.below, "policy": document(
					allow(c.action, `,"Principal":{"AWS":"arn:aws:iam::`+theirs+`:role/`+c.name+`"}`, "*"))})
			}
		}, `
principal arn:aws:iam::999988887777:role/a (outside)
  111122223333/orders r---
    resource policy, Allow: a policy.Statement[0]
principal arn:aws:iam::999988887777:role/b (outside)
  111122223333/orders r---
    resource policy, Allow: b policy.Statement[0]
principal arn:aws:iam::999988887777:role/c (outside)
  111122223333/orders -w--
    resource policy, Allow: c policy.Statement[0]
principal arn:aws:iam::999988887777:role/d (outside)
  111122223333/orders --a-
    resource policy, Allow: d policy.Statement[0]
`},
		{"another account, where nothing tells that of the table", func(s *matrixStack) {
			s.add(facts.NativeTable, "orders", map[string]any{"tableName": "orders", "resourcePolicy": resource.ObjectValue(map[string]resource.Value{
				"policyDocument": resource.StringValue(document(allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*")))})})
		}, `
account 999988887777 (outside)
  /orders ?---
    resource policy, Allow: orders resourcePolicy.policyDocument.Statement[0]
`},
		{"patterns that write out a region, some, or none", func(s *matrixStack) {
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", document(allow("dynamodb:GetItem", "", "arn:aws:dynamodb:eu-west-1:"+ours+":table/*"),
				allow("dynamodb:PutItem", "", "arn:aws:dynamodb:eu-*:*:table/*"), allow("dynamodb:DeleteTable", "", "arn:aws:dynamodb:*:*:table/a*"),
				allow("dynamodb:GetItem", "", "arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}-*")))
		}, `
role app
  beyond r---: arn:aws:dynamodb:eu-west-1:111122223333:table/*
  beyond -w--: arn:aws:dynamodb:eu-*:*:table/*
  beyond --a-: arn:aws:dynamodb:*:*:table/a*
  beyond (r)---: arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/team}-*
`},
		{"a role with a path that is not created yet", func(s *matrixStack) {
			s.table(ours, "orders")
			s.add(facts.Role, "app", map[string]any{"name": "app", "path": "/team/", "arn": everything})
			s.resources[1].Provider = &resource.Provider{Type: "pulumi:providers:aws", Name: "main", Properties: resource.ObjectValue(map[string]resource.Value{
				"region": resource.StringValue("eu-west-1"), "allowedAccountIds": resource.ArrayValue([]resource.Value{resource.StringValue(ours)}),
			})}
			s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": document(
				allow("dynamodb:GetItem", `,"Principal":{"AWS":"arn:aws:iam::`+ours+`:role/team/app"}`, tableARN(ours, "orders")))})
		}, `
role app of no known ARN, account 111122223333
  111122223333/orders r---
    resource policy, Allow: orders policy.Statement[0]
`},
		{"a policy that is no JSON", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", nil)
			s.inline("role", "app", "{")
		}, `
role app
  111122223333/orders ????
  unknown: policy of aws:iam:RolePolicy "app" cannot be read
`},
		{"of a document that is a secret only its place is told", func(s *matrixStack) {
			s.table(ours, "orders")
			s.principal(ours, "role", "app", map[string]any{"arn": resource.StringValue("arn:aws:iam::" + ours + ":role/app").AsSecret()})
			s.inline("role", "app", resource.StringValue(document(
				`{"Sid":"Hidden","Effect":"Allow","Action":"dynamodb:GetItem","Resource":["*","`+tableARN(ours, "hidden")+`"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-hidden"}}}`)).AsSecret())
		}, `
role app of no known ARN, account 
  111122223333/orders (r)---
    identity policy, Allow: app policy.Statement[0]
  beyond (r)---: 
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &matrixStack{project: "shop", stack: "prod"}
			c.stack(s)
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), drawn(matrixOf(t, s))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestMatrixOfStacks joins what several stacks say: of a principal that one declares and another gives a policy, of a managed policy,
// of a user's group, and of a table in another account that both sides must open.
func TestMatrixOfStacks(t *testing.T) {
	base := &matrixStack{project: "base", stack: "prod"}
	base.principal(ours, "role", "app", nil)
	base.principal(ours, "group", "readers", nil)
	base.inline("group", "readers", document(allow("dynamodb:Query", "", "*")))
	base.add(facts.ManagedPolicy, "writers", map[string]any{"name": "writers", "arn": "arn:aws:iam::" + ours + ":policy/writers",
		"policy": document(allow("dynamodb:PutItem", "", "*"))})
	shop := &matrixStack{project: "shop", stack: "prod"}
	shop.table(ours, "orders")
	shop.add(facts.RoleAttachment, "app", map[string]any{"role": "app", "policyArn": "arn:aws:iam::" + ours + ":policy/writers"})
	shop.principal(ours, "user", "alice", nil)
	shop.add(facts.UserMemberships, "alice", map[string]any{"user": "alice", "groups": []string{"readers"}})
	other := &matrixStack{project: "shop", stack: "dev"}
	other.table(theirs, "shared")
	other.add(facts.TablePolicy, "shared", map[string]any{"resourceArn": tableARN(theirs, "shared"), "policy": document(
		allow("dynamodb:PutItem", `,"Principal":{"AWS":"`+ours+`"}`, tableARN(theirs, "shared")))})
	want := `
group readers
  111122223333/orders r---
    identity policy, Allow: readers policy.Statement[0]
  beyond r---: *
role app
  999988887777/shared -w--
    identity policy, Allow: writers policy.Statement[0]
    resource policy, Allow: shared policy.Statement[0]
  111122223333/orders -w--
    identity policy, Allow: writers policy.Statement[0]
  beyond -w--: *
user alice
  111122223333/orders r---
    identity policy, Allow: readers policy.Statement[0]
  beyond r---: *
account 111122223333 (outside)
  999988887777/shared -w--
    resource policy, Allow: shared policy.Statement[0]
`
	m := matrixOf(t, base, shop, other)
	if diff := cmp.Diff(want[1:], drawn(m)); diff != "" {
		t.Error(diff)
	}
	var reach []string
	for _, r := range m.Reaching("dev") {
		reach = append(reach, r.Principal.Name+" of "+r.From("dev"))
	}
	if diff := cmp.Diff([]string{"app of prod", "111122223333 of account 111122223333"}, reach); diff != "" {
		t.Error(diff)
	}
}

// TestMatrixJoined draws the matrices of several stacks, each with one thing that the one says of the other's.
func TestMatrixJoined(t *testing.T) {
	for _, c := range []struct {
		name   string
		stacks func(a, b, c *matrixStack)
		want   string
	}{
		{"a group's policy of another stack reaches its users, those of its own stack and of a third", func(a, b, c *matrixStack) {
			a.table(ours, "orders")
			a.principal(ours, "group", "devs", nil)
			a.principal(ours, "user", "alice", nil)
			a.add(facts.UserMemberships, "alice", map[string]any{"user": "alice", "groups": []string{"devs"}})
			b.inline("group", "devs", document(allow("dynamodb:GetItem", "", tableARN(ours, "orders"))))
			c.principal(ours, "user", "bob", nil)
			c.add(facts.UserMemberships, "bob", map[string]any{"user": "bob", "groups": []string{"devs"}})
		}, `
group devs
  111122223333/orders r---
    identity policy, Allow: devs policy.Statement[0]
user alice
  111122223333/orders r---
    identity policy, Allow: devs policy.Statement[0]
user bob
  111122223333/orders r---
    identity policy, Allow: devs policy.Statement[0]
`},
		{"the policy of a table that may be either of two", func(a, b, c *matrixStack) {
			a.add(facts.Table, "orders", map[string]any{"name": "orders"})
			b.add(facts.Table, "orders", map[string]any{"name": "orders"})
			c.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": document(
				allow("dynamodb:GetItem", `,"Principal":{"AWS":"arn:aws:iam::`+ours+`:role/app"}`, "*"))})
			c.principal(ours, "role", "app", nil)
		}, `
role app
  /orders ????
  /orders ????
`},
		{"a stack that declares neither puts a user into a group, which no stack declares", func(a, b, _ *matrixStack) {
			a.table(ours, "orders")
			a.principal(ours, "user", "alice", nil)
			b.add(facts.UserMemberships, "alice", map[string]any{"user": "alice", "groups": []string{"devs"}})
			b.inline("group", "devs", document(allow("dynamodb:GetItem", "", tableARN(ours, "orders"))))
		}, `
user alice
  111122223333/orders r???
    identity policy, Allow: devs policy.Statement[0]
  unknown: the policies of group "devs", which none of the stacks declares, are not known
group devs (outside)
  111122223333/orders ?---
    identity policy, Allow: devs policy.Statement[0]
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			stacks := []*matrixStack{{project: "a", stack: "prod"}, {project: "b", stack: "prod"}, {project: "c", stack: "prod"}}
			c.stacks(stacks[0], stacks[1], stacks[2])
			if diff := cmp.Diff(strings.TrimPrefix(c.want, "\n"), drawn(matrixOf(t, stacks...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestSecrets: what is a secret stands in no format, wherever in a state it is.
func TestSecrets(t *testing.T) {
	secret := func(text string) resource.Value { return resource.StringValue(text).AsSecret() }
	s := &matrixStack{project: "shop", stack: "prod"}
	s.table(ours, "orders")
	s.add(facts.Table, "named", map[string]any{"name": secret("hush-name"), "arn": tableARN(ours, "hush-name")})
	s.add(facts.Table, "placed", map[string]any{"name": "carts", "arn": secret("arn:aws:dynamodb:eu-west-1:444455556666:table/carts")})
	s.add(facts.TablePolicy, "elsewhere", map[string]any{"resourceArn": secret("arn:aws:dynamodb:eu-west-1:444455556666:table/hush-table"),
		"policy": document(allow("dynamodb:GetItem", `,"Principal":{"AWS":"`+theirs+`"}`, "*"))})
	s.add(facts.TablePolicy, "orders", map[string]any{"resourceArn": tableARN(ours, "orders"), "policy": secret(document(
		`{"Sid":"hushSid","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:role/hush-reader"},"Action":"dynamodb:*","Resource":"*"}`))})
	s.add(facts.Role, "app", map[string]any{"name": secret("hush-role"), "arn": "arn:aws:iam::" + ours + ":role/hush-role"})
	s.add(facts.Role, "odd", map[string]any{"name": "odd", "arn": secret("arn:aws:iam::4444:role/hush-odd"),
		"permissionsBoundary": secret("arn:aws:iam::aws:policy/AmazonDynamoDBFullAccesswithDataPipeline")})
	s.principal(ours, "role", "batch", map[string]any{"permissionsBoundary": secret("arn:aws:iam::444455556666:policy/hush-edge")})
	for _, role := range []string{"odd", "batch"} {
		s.add(facts.RoleAttachment, role, map[string]any{"role": role, "policyArn": secret("arn:aws:iam::aws:policy/AWSLambdaReadOnlyAccess")})
		s.add(facts.RoleAttachment, role+"2", map[string]any{"role": role, "policyArn": secret("arn:aws:iam::444455556666:policy/hush-policy")})
		s.inline("role", role, secret(document(
			`{"Sid":"hushSid","Effect":"Allow","Action":"dynamodb:*","Resource":["*","`+tableARN("444455556666", "hush-other")+`"],"Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-hush"}}}`)))
	}
	s.add(facts.UserMemberships, "user", map[string]any{"user": secret("hush-user"), "groups": resource.ArrayValue([]resource.Value{secret("hush-group")})})
	r := reportOf(t, policies.All(), s)
	for _, format := range append(slices.Clone(report.Formats), report.WriteBaseline) {
		out := as(t, format.Name, r, report.Options{FailOn: report.FailOn{Mandatory: true, Advisory: true, Unknown: true}})
		for _, hidden := range []string{"hush", "4444", "LambdaReadOnly", "DataPipeline"} {
			if i := strings.Index(out, hidden); i >= 0 {
				t.Errorf("%s shows %q: %s", format.Name, hidden, out[max(0, i-200):min(len(out), i+60)])
			}
		}
	}
}

// TestAccessLevel reads each level as it is written.
func TestAccessLevel(t *testing.T) {
	for l := report.NoAccess; l <= report.FullAccess; l++ {
		text, err := l.MarshalText()
		var read report.AccessLevel
		if err == nil {
			err = read.UnmarshalText(text)
		}
		if err != nil || read != l {
			t.Errorf("%v is read as %v, error %v", l, read, err)
		}
	}
	var l report.AccessLevel
	if err := l.UnmarshalText([]byte("full")); err == nil || err.Error() != `"full" is no level of access` {
		t.Errorf("error %v", err)
	}
}

// TestMatrixText writes who reaches an environment: without a condition and under one, what may be, many tables, and who comes from
// elsewhere.
func TestMatrixText(t *testing.T) {
	prod := &matrixStack{project: "shop", stack: "prod"}
	for i := range 7 {
		prod.table(ours, fmt.Sprintf("table%d", i))
	}
	prod.principal(ours, "role", "admin", nil)
	prod.inline("role", "admin", document(allow("dynamodb:*", "", "*")))
	prod.principal(ours, "role", "most", nil)
	prod.inline("role", "most", document(allow("dynamodb:GetItem", "", tableARN(ours, "table*")),
		`{"Effect":"Deny","Action":"*","Resource":"`+tableARN(ours, "table3")+`"}`,
		allow("dynamodb:PutItem", `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, tableARN(ours, "table0"))))
	dev := &matrixStack{project: "shop", stack: "dev"}
	dev.principal(ours, "role", "dev", map[string]any{"permissionsBoundary": "arn:aws:iam::" + ours + ":policy/elsewhere"})
	dev.inline("role", "dev", document(allow("dynamodb:Query", "", tableARN(ours, "table6"))))
	dev.table(theirs, "alone")
	r := &report.Report{Matrix: matrixOf(t, prod, dev)}
	r.Matrix.Unknown = []string{"role of aws:iam:RolePolicy \"x\", which names a principal, is not known"}
	var out strings.Builder
	if err := report.Formats[0].Write(&out, r, report.Options{}); err != nil {
		t.Fatal(err)
	}
	want := `Who reaches prod (7 tables, 3 principals)
  role "admin" of shop/prod  read, write, admin and policy on all 7
  role "most" of shop/prod  read on table0, table1, table2, table4 and 2 more; write under conditions on table0
  role "dev" of shop/dev (dev)  perhaps read on table6

Who reaches dev (1 table, 0 principals)
  nobody, as far as these stacks say

Not known of who reaches what
  unknown  role of aws:iam:RolePolicy "x", which names a principal, is not known

`
	if got, _, _ := strings.Cut(out.String(), "0 stacks"); got != want {
		t.Error(cmp.Diff(want, got))
	}
}

// TestMatrixSchema holds the JSON of a matrix to the published schema.
func TestMatrixSchema(t *testing.T) {
	s := &matrixStack{project: "shop", stack: "prod"}
	s.table(ours, "orders")
	s.principal(ours, "role", "app", nil)
	s.inline("role", "app", document(allow("dynamodb:*", `,"Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}`, "*")))
	text, err := json.Marshal(report.Report{Matrix: matrixOf(t, s)})
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	published, err := os.ReadFile(filepath.Join("..", "..", "docs", "report.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	var root schema
	if err := json.Unmarshal(published, &root); err != nil {
		t.Fatal(err)
	}
	holds(t, &root, root.Properties["matrix"], value["matrix"], "matrix")
}
