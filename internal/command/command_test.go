package command_test

import (
	"bytes"
	"strings"
	"testing"

	"dynamoguard/internal/command"
	"dynamoguard/policies"
)

func run(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = command.Run(args, "1.2.3", policies.All(), strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestExplainsItself(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		code, stdout, stderr := run(t, "", args...)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "pulumi preview --policy-pack") {
			t.Errorf("%q: exit code %d, %s%s", args, code, stdout, stderr)
		}
	}
}

func TestVersion(t *testing.T) {
	if code, stdout, stderr := run(t, "", "version"); code != 0 || stdout != "1.2.3\n" || stderr != "" {
		t.Errorf("exit code %d, %q, %q", code, stdout, stderr)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"chekc"}, "dynamoguard: unknown command \"chekc\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"version", "now"}, "dynamoguard: unknown command \"now\" for \"pulumi-analyzer-dynamoguard version\"\n"},
		{[]string{"--verbose"}, "dynamoguard: unknown flag: --verbose\n"},
		{[]string{"127.0.0.1"}, "dynamoguard: unknown command \"127.0.0.1\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"serve", "127.0.0.1:1"}, "dynamoguard: unknown command \"serve\" for \"pulumi-analyzer-dynamoguard\"\n"},
		{[]string{"127.0.0.1:99999"}, "dynamoguard: unknown command \"127.0.0.1:99999\" for \"pulumi-analyzer-dynamoguard\"\n"},
	} {
		if code, stdout, stderr := run(t, "", c.args...); code != 1 || stdout != "" || stderr != c.want+"Run it with help for what it does.\n" {
			t.Errorf("%q: exit code %d, %q, %q", c.args, code, stdout, stderr)
		}
	}
}

// TestSimulate: one answer a line, in order; a bad line does not stop the rest.
func TestSimulate(t *testing.T) {
	const document = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"*"}]}`
	code, stdout, stderr := run(t, `{"id":"a","action":"dynamodb:GetItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","identity":[`+document+`]}
not json

{"id":"b","action":"dynamodb:PutItem","resource":"arn:aws:dynamodb:us-east-1:111122223333:table/orders","identity":[`+document+`]}`,
		"simulate")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != 0 || stderr != "" || len(lines) != 3 {
		t.Fatalf("exit code %d, %q, %q", code, stdout, stderr)
	}
	for i, want := range []string{
		`{"id":"a","verdict":"Allowed",`, `{"error":"not a request: `, `{"id":"b","verdict":"ImplicitlyDenied",`,
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("line %d is %s, want %s...", i, lines[i], want)
		}
	}
	if want := `"findings":["iam-unscoped-resource"]}`; !strings.HasSuffix(lines[0], want) {
		t.Errorf("%s does not end with %s", lines[0], want)
	}
}
