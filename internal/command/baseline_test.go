package command

import (
	"os"
	"strings"
	"testing"
)

// TestBaseline adopts the pack where there is much to find: what is known fails nothing, and a finding stays known whatever is done
// around it.
func TestBaseline(t *testing.T) {
	const wide = `{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`
	const wider = `{"Effect":"Allow","Action":["dynamodb:*","sqs:*"],"Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`
	const narrow = `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`
	granting := func(table string, statements ...string) string {
		document := strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[`+strings.Join(statements, ",")+`]}`, `"`, `\"`)
		return strings.Replace(stateOf("shop", "prod", "orders", table), `]}}`,
			`,{"urn":"urn:pulumi:prod::shop::aws:iam/policy:Policy::p","type":"aws:iam/policy:Policy","id":"p","inputs":{"policy":"`+document+
				`"},"outputs":{"policy":"`+document+`"}}]}}`, 1)
	}
	suffixed := func(suffix string) string { return strings.ReplaceAll(wide, "table/orders", "table/orders-"+suffix) }
	p := aProgram(t, nil)
	write := func(state string) {
		if err := os.WriteFile("state.json", []byte(state), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const table = encrypted + "," + recovered + `,"billingMode":"PAY_PER_REQUEST"` // not protected, which is advisory
	stored := `{ "Resource": "arn:aws:dynamodb:eu-west-1:111122223333:table/orders", "Action": "dynamodb:*", "Effect": "Allow" }`
	for _, step := range []struct {
		name, state string
		args        []string
		code        int
		says        string
	}{
		{"before", granting(table, wide), nil, 1, "1 mandatory finding, 1 advisory\n"},
		{"adopted", granting(table, wide), []string{"--write-baseline", "b.json", "--fail-on", "advisory"}, 0, "0 mandatory findings, 0 advisory, 2 known before\n"},
		{"the same", granting(table, wide), []string{"--baseline", "b.json", "--fail-on", "advisory"}, 0, "0 mandatory findings, 0 advisory, 2 known before\n"},
		{"a statement before it", granting(table, narrow, wide), []string{"--baseline", "b.json"}, 0, "0 mandatory findings, 0 advisory, 2 known before\n"},
		{"as a provider stores it", granting(table, stored), []string{"--baseline", "b.json"}, 0, "0 mandatory findings, 0 advisory, 2 known before\n"},
		{"a second one", granting(table, wide, wide), []string{"--baseline", "b.json"}, 1, "1 mandatory finding, 0 advisory, 2 known before\n"},
		{"it grants more", granting(table, wider), []string{"--baseline", "b.json"}, 1, "1 mandatory finding, 0 advisory, 1 known before, 1 of the baseline gone\n"},
		{"another finding", granting(recovered, wide), []string{"--baseline", "b.json"}, 1, "1 mandatory finding, 1 advisory, 2 known before\n"},
		{"as a report", granting(table, wide), []string{"--format", "json", "--output", "report.json", "--fail-on", "none"}, 0, "1 mandatory finding, 1 advisory\n"},
		{"held to the report", granting(table, narrow, wide), []string{"--baseline", "report.json", "--fail-on", "advisory"}, 0, "2 known before\n"},
		{"anew", granting(table, narrow), []string{"--baseline", "b.json", "--write-baseline", "b.json"}, 0, "0 mandatory findings, 0 advisory, 1 known before, 1 of the baseline gone\n"},
		{"one named by Pulumi", granting(table, suffixed("3f2a1bc")), []string{"--write-baseline", "b.json"}, 0, "2 known before\n"},
		{"named again, before it is there", granting(table, suffixed("9d8e7f6")), []string{"--baseline", "b.json"}, 0, "0 mandatory findings, 0 advisory, 2 known before\n"},
		{"another one", granting(table, strings.ReplaceAll(wide, "orders", "carts-9d8e7f6")), []string{"--baseline", "b.json"}, 1, "1 mandatory finding, 0 advisory, 1 known before, 1 of the baseline gone\n"},
		{"anew, and adopted", granting(table, narrow), []string{"--write-baseline", "b.json"}, 0, "1 known before\n"},
		{"held to the new one", granting(table, wide), []string{"--baseline", "b.json"}, 1, "1 mandatory finding, 0 advisory, 1 known before\n"},
	} {
		write(step.state)
		got := p.check(t, "", append([]string{"state.json"}, step.args...)...)
		if got.code != step.code || !strings.Contains(got.stdout, step.says) || got.stderr != "" {
			t.Errorf("%s: exit code %d: %s%s", step.name, got.code, got.stdout, got.stderr)
		}
	}
}

// TestBadBaseline: a baseline that cannot be read, or that would miss something, is said before anything is written.
func TestBadBaseline(t *testing.T) {
	p := aProgram(t, map[string]string{
		"states/good.json": stateOf("shop", "prod", "orders", good), "states/bad.json": "{", "state.json": stateOf("shop", "prod", "orders", good),
		"empty.json": "", "other.json": `{"version":3}`,
	})
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"state.json", "--baseline", "nowhere.json"}, "dynamoguard: --baseline nowhere.json: no such file or directory\n"},
		{[]string{"state.json", "--baseline", "empty.json"}, "dynamoguard: --baseline empty.json: it is empty\n"},
		{[]string{"state.json", "--baseline", "other.json"}, "dynamoguard: --baseline other.json: it has no findings, and so is neither a baseline nor a report as JSON\n"},
		{[]string{"state.json", "--write-baseline", "nowhere/b.json"}, "dynamoguard: the baseline report could not be written to nowhere/b.json: no such file or directory\n"},
		{[]string{"state.json", "--format", "json", "--output", "b.json", "--write-baseline", "b.json"}, "dynamoguard: --output and --write-baseline are both b.json\n"},
		{[]string{"states", "--write-baseline", "b.json"}, "dynamoguard: b.json is not written: a baseline of what could be read alone would miss the rest\n" +
			"dynamoguard: not judged: states/bad.json: not a state: it ends after 1 bytes, in the middle\n"},
		{[]string{"state.json", "--sources", "a", "--sources", "b"}, "dynamoguard: --sources is there twice without a project; write PROJECT=FOLDER\n"},
		{[]string{"state.json", "--sources", "shop=a", "--sources", "shop=b"}, "dynamoguard: --sources has two folders for project shop\n"},
		{[]string{"state.json", "--sources", "../infra"}, "dynamoguard: --sources ../infra is not a folder below the root of the repository\n"},
		{[]string{"state.json", "--sources", "/infra"}, "dynamoguard: --sources /infra is not a folder below the root of the repository\n"},
	} {
		got := p.check(t, "", c.args...)
		if got.code != 2 || got.stderr != c.want {
			t.Errorf("%s: exit code %d: %s\nnot: %s", c.args, got.code, got.stderr, c.want)
		}
		if _, err := os.Stat("b.json"); err == nil {
			t.Errorf("%s: the file was written", c.args)
		}
	}
}

// TestBaselineOfStates: a baseline does not change with the time at which the states were written, nor with that of their files.
func TestBaselineOfStates(t *testing.T) {
	at := func(state, time string) string {
		return strings.Replace(state, `"deployment":{`, `"deployment":{"manifest":{"time":"`+time+`"},`, 1)
	}
	p := aProgram(t, nil)
	written := map[string]bool{}
	for _, time := range []string{"2026-11-20T08:00:00Z", "2026-11-21T09:30:00+01:00"} {
		for _, stack := range []string{"dev", "prod"} {
			if err := os.WriteFile(stack+".json", []byte(at(stateOf("shop", stack, "orders", good), time)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		got := p.check(t, "", "dev.json", "prod.json", "--write-baseline", "b.json")
		if when := " of " + time[:10] + " 08:"; strings.Count(got.stdout, when) != 2 {
			t.Errorf("exit code %d, not twice%s: %s%s", got.code, when, got.stdout, got.stderr)
		}
		baseline, err := os.ReadFile("b.json")
		if err != nil || !strings.Contains(string(baseline), "is taken in account") {
			t.Fatalf("%s, %v", baseline, err)
		}
		written[string(baseline)] = true
	}
	if len(written) != 1 {
		t.Errorf("%d baselines: %v", len(written), written)
	}
}
