package facts_test

import (
	"strings"
	"testing"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/resource"
)

func trust(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

func assumedBy(principal string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`
}

const (
	byBackup = `{"Service":"backup.amazonaws.com"}`
	byLambda = `{"Service":"lambda.amazonaws.com"}`
)

// A service is trusted alone where every statement that allows names it, and nothing else can be said of the document.
func TestTrustedServiceOfRole(t *testing.T) {
	const backup = "backup.amazonaws.com"
	for name, tt := range map[string]struct {
		trust any
		want  string
	}{
		"one service":          {trust(assumedBy(byBackup)), backup},
		"twice":                {trust(assumedBy(byBackup), assumedBy(byBackup)), backup},
		"two services":         {trust(assumedBy(byBackup), assumedBy(byLambda)), ""},
		"two in a list":        {trust(assumedBy(`{"Service":["lambda.amazonaws.com","backup.amazonaws.com"]}`)), ""},
		"an account first":     {trust(assumedBy(`{"AWS":"111122223333"}`), assumedBy(byBackup)), ""},
		"an account last":      {trust(assumedBy(byBackup), assumedBy(`{"AWS":"111122223333"}`)), ""},
		"an account alone":     {trust(assumedBy(`{"AWS":"111122223333"}`)), ""},
		"everyone":             {trust(assumedBy(`"*"`)), ""},
		"an identity provider": {trust(assumedBy(`{"Federated":"accounts.google.com"}`)), ""},
		"all but a service":    {trust(`{"Effect":"Allow","NotPrincipal":` + byBackup + `,"Action":"sts:AssumeRole"}`), ""},
		"a Deny of another":    {trust(assumedBy(byBackup), `{"Effect":"Deny","Principal":`+byLambda+`,"Action":"sts:AssumeRole"}`), backup},
		"a Deny alone":         {trust(`{"Effect":"Deny","Principal":` + byBackup + `,"Action":"sts:AssumeRole"}`), ""},
		"not known":            {unknown, ""},
		"no document":          {resource.BoolValue(true), ""},
		"not readable":         {`{"Statement":`, ""},
		"refused":              {trust(assumedBy(byBackup), `{"Effect":"allow","Principal":`+byBackup+`,"Action":"sts:AssumeRole"}`), ""},
		"none":                 {nil, ""},
	} {
		r := res(facts.Role, "role", "name", "role")
		if tt.trust != nil {
			r = res(facts.Role, "role", "name", "role", "assumeRolePolicy", tt.trust)
		}
		var stack facts.Stack
		var log resource.Log
		if got := stack.TrustedService(stack.Facts(r), &log); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// What attaches to a role asks for the one that the stack has declared by that name.
func TestTrustedServiceByName(t *testing.T) {
	var stack facts.Stack
	see := func(name string, pairs ...any) {
		stack.See(stack.Facts(res(facts.Role, name, pairs...)), resource.Value{})
	}
	by := func(typ, property string, role any) string {
		var log resource.Log
		service := stack.TrustedService(stack.Facts(res(typ, "of", property, role)), &log)
		if len(log.Unknown) > 0 {
			service += "unknown: " + string(log.Unknown[0])
		}
		return service
	}
	expect := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	see("one", "name", "backup", "assumeRolePolicy", trust(assumedBy(byBackup)))
	see("unnamed", "assumeRolePolicy", trust(assumedBy(byLambda)))
	stack.See(stack.Facts(res(facts.Table, "orders", "name", "orders", "assumeRolePolicy", trust(assumedBy(byLambda)))), resource.Value{})
	expect("a role of the stack", by(facts.RoleAttachment, "role", "backup"), "backup.amazonaws.com")
	expect("another's", by(facts.RoleAttachment, "role", "elsewhere"), "")
	expect("what is no role", by(facts.RoleAttachment, "role", "orders"), "")
	expect("no name", by(facts.RoleAttachment, "role", ""), "")
	expect("a name that is not known", by(facts.RoleAttachment, "role", unknown), "unknown: role")
	expect("a user", by(facts.UserAttachment, "user", "backup"), "")
	expect("several principals", by(facts.Attachment, "roles", "backup"), "")
	expect("what attaches nothing", by(facts.Table, "name", "backup"), "")

	see("two", "name", "backup", "assumeRolePolicy", trust(assumedBy(byBackup)))
	expect("two of one name", by(facts.RoleAttachment, "role", "backup"), "")
	see("two", "name", "other", "assumeRolePolicy", trust(assumedBy(byLambda)))
	expect("one is called otherwise after all", by(facts.RoleAttachment, "role", "backup"), "backup.amazonaws.com")
	expect("by its new name", by(facts.RoleAttachment, "role", "other"), "lambda.amazonaws.com")
	see("two", "name", "other", "assumeRolePolicy", trust(assumedBy(byBackup)))
	expect("seen again", by(facts.RoleAttachment, "role", "other"), "backup.amazonaws.com")
}
