package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/record"
	"dynamoguard/internal/resource"
)

const exemptions = `{"all":"advisory","iam-wildcard-action":"mandatory","table-encryption":{"enforcementLevel":"mandatory",
"exemptions":[{"resource":"orders","reason":"moves to another account","owner":"platform","expires":"2027-01-31"},
{"resource":"carts","reason":"is empty","owner":"platform","expires":"2026-11-01"}]}}`

// TestExplainState explains what is found in a state. Each golden file is all that a person sees.
func TestExplainState(t *testing.T) {
	for _, c := range []struct {
		golden string
		args   []string
	}{
		{"explain-document.txt", []string{"iam-wildcard-action", "urn:pulumi:dev::shop::aws:iam/policy:Policy::app"}},
		{"explain-table.txt", []string{"table-point-in-time-recovery", "carts"}},
		{"explain-exempt.txt", []string{"--config", "configuration.json", "table-encryption", "orders"}},
		{"explain-expired.txt", []string{"--config", "configuration.json", "table-encryption", "carts"}},
		{"explain-several.txt", []string{"table-encryption"}},
		{"explain-none.txt", []string{"table-encryption", "cart"}},
		{"explain-unknown.txt", []string{"iam-unscoped-resource", "hidden"}},
		{"explain-disabled.txt", []string{"--config", "disabled.json", "table-encryption"}},
	} {
		t.Run(c.golden, func(t *testing.T) {
			p := aProgram(t, map[string]string{
				"state.json": aState(t), "configuration.json": exemptions, "disabled.json": `{"all":"disabled","iam-document":{"enforcementLevel":"advisory"}}`,
			})
			compare(t, c.golden, p.outcome(t.Context(), explainCommand(p), append([]string{"--file", "state.json"}, c.args...)...))
		})
	}
}

// aState is an exported state.
func aState(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(testdata, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestExplainRun explains what a run found, by whatever of a finding is pasted.
func TestExplainRun(t *testing.T) {
	p := aProgram(t, nil)
	rules := engine.New(p.policies, p.now)
	rules.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev", Preview: true})
	if _, err := rules.JudgeState(strings.NewReader(aState(t))); err != nil {
		t.Fatal(err)
	}
	for _, r := range record.Of(rules.Run(), p.version, noon) {
		if err := record.In(p.system.Cache).Save(r); err != nil {
			t.Fatal(err)
		}
	}
	whole := p.outcome(t.Context(), explainCommand(p), "iam-wildcard-action", "app")
	compare(t, "explain-run.txt", whole)
	for name, args := range map[string][]string{
		"a message":                    {`policy.Statement[1].Action[1] "dynamoDB:*" grants 57`},
		"a message, as the CLI has it": {"  - [mandatory] [severity: high]  iam-wildcard-action  (aws:iam:Policy: app)\n          policy.Statement[1].Action[1] \"dynamodb:*\" grants 57 DynamoDB\n          actions, DeleteTable among them; list the actions the workload calls, or name the policy in boundaries if it is\n          a permission boundary. SOC 2: CC6.1, CC6.3\n"},
		"a line of several":            {`aws:iam:Policy "app": policy.Statement[1].Action[1] "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them`},
		"a message without quotes":     {`policy.Statement[1].Action[1]`, `"dynamodb:*"`, "grants"},
		"a URN and a part":             {"urn:pulumi:dev::shop::aws:iam/policy:Policy::app", "list the actions"},
		"a path":                       {"policy.Statement[1].Action[1]"},
		"a stack":                      {"--stack", "acme/shop/dev", "iam-wildcard-action"},
	} {
		got := p.outcome(t.Context(), explainCommand(p), args...)
		if name == "a message" { // in other letters it is another one
			if want := "\nexit code 1: no finding matches; searched was the preview of acme/shop/dev at 2026-11-27 12:00:00 UTC, dynamoguard 1.2.3, configuration "; !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s", name, got)
			}
			continue
		}
		if got != whole {
			t.Errorf("%s: %s", name, got)
		}
	}
	if got, want := p.outcome(t.Context(), explainCommand(p), "--stack", "bank/prod", "iam-wildcard-action"),
		"\nexit code 1: no run of bank/prod is recorded on this machine\n"; got != want {
		t.Error(got)
	}
}

// TestExplainMended: what the inputs were changed for is explained as well, and what is found of a state that would be mended.
func TestExplainMended(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": aState(t), "configuration.json": `{"table-point-in-time-recovery":"remediate"}`})
	rules := engine.New(p.policies, p.now)
	if err := rules.Configure(map[string]policy.Given{"table-point-in-time-recovery": {Level: policy.Remediate}}); err != nil {
		t.Fatal(err)
	}
	r := &resource.Resource{
		URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Type: "aws:dynamodb/table:Table", Name: "orders",
		Properties: resource.ObjectValue(map[string]resource.Value{"name": resource.StringValue("orders")}),
	}
	rules.Remediate(r)
	r.Properties = resource.ObjectValue(map[string]resource.Value{"pointInTimeRecovery": resource.ObjectValue(map[string]resource.Value{
		"enabled": resource.BoolValue(true),
	})})
	rules.Analyze(r)
	for _, r := range record.Of(rules.Run(), p.version, noon) {
		if err := record.In(p.system.Cache).Save(r); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, "explain-mended.txt", p.outcome(t.Context(), explainCommand(p), "table-point-in-time-recovery", "orders"))
	compare(t, "explain-to-mend.txt", p.outcome(t.Context(), explainCommand(p),
		"--file", "state.json", "--config", "configuration.json", "table-point-in-time-recovery", "carts"))
}

// TestExplainStandIn: of a finding that rests on a stand-in it is said why it stops nothing.
func TestExplainStandIn(t *testing.T) {
	const stream = "arn:aws:dynamodb:us-east-1:111122223333:table/orders/stream/2015-06-27T00:48:05.899"
	p := aProgram(t, nil)
	rules := engine.New(p.policies, p.now).In(engine.World{Session: standIns{stream}})
	rules.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev", Preview: true})
	rules.Analyze(&resource.Resource{
		URN: "urn:pulumi:dev::shop::aws:iam/policy:Policy::app", Type: "aws:iam/policy:Policy", Name: "app",
		Properties: resource.ObjectValue(map[string]resource.Value{"policy": resource.StringValue(
			`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"dynamodb:*","Resource":"` + stream + `"}]}`)}),
	})
	for _, r := range record.Of(rules.Run(), p.version, noon) {
		if err := record.In(p.system.Cache).Save(r); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, "explain-stand-in.txt", p.outcome(t.Context(), explainCommand(p), "iam-wildcard-action"))
}

// standIns are those of a foreseen preview.
type standIns []string

func (s standIns) Leads() bool          { return true }
func (s standIns) StandIns() []string   { return s }
func (s standIns) Judged(engine.Counts) {}

// TestExplainProposal: what could be written instead, with the places it rests on, and what is missing where nothing names that.
func TestExplainProposal(t *testing.T) {
	p := aProgram(t, nil)
	rules := engine.New(p.policies, p.now)
	rules.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev", Preview: true})
	analyze := func(typ, name string, properties map[string]resource.Value) {
		urn := resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
		rules.Analyze(&resource.Resource{URN: urn, Type: typ, Name: name, Properties: resource.ObjectValue(properties)})
	}
	text := resource.StringValue
	orders := resource.ObjectValue(map[string]resource.Value{"variables": resource.ObjectValue(map[string]resource.Value{"TABLE": text("orders-1a2b3c4")})})
	grants := func(role, statements string) {
		analyze("aws:iam/rolePolicy:RolePolicy", role, map[string]resource.Value{
			"role": text(role), "policy": text(`{"Version":"2012-10-17","Statement":` + statements + `}`),
		})
	}
	analyze("aws:dynamodb/table:Table", "orders", map[string]resource.Value{"name": text("orders-1a2b3c4")})
	analyze("aws:iam/role:Role", "app", map[string]resource.Value{"name": text("app")})
	analyze("aws:iam/role:Role", "batch", map[string]resource.Value{"name": text("batch")})
	grants("app", `[{"Sid":"Tables","Effect":"Allow","Action":["dynamodb:Query","dynamodb:Delete*","logs:PutLogEvents"],"Resource":"*",`+
		`"Condition":{"Bool":{"aws:SecureTransport":"true"}}}]`)
	grants("batch", `{"Effect":"Allow","Action":"dynamodb:*","Resource":"*"}`)
	analyze("aws:lambda/function:Function", "api", map[string]resource.Value{
		"name": text("api"), "role": text("arn:aws:iam::111122223333:role/app"),
		"environment": orders,
	})
	analyze("aws:lambda/function:Function", "night", map[string]resource.Value{
		"name": text("night"), "role": text("batch"),
		"environment": orders,
	})
	analyze("aws:lambda/function:Function", "later", map[string]resource.Value{"name": text("later"), "role": resource.UnknownValue()})
	for _, r := range record.Of(rules.Run(), p.version, noon) {
		if err := record.In(p.system.Cache).Save(r); err != nil {
			t.Fatal(err)
		}
	}
	compare(t, "explain-proposal.txt", p.outcome(t.Context(), explainCommand(p), "iam-unscoped-resource", "app"))
	compare(t, "explain-proposal-missing.txt", p.outcome(t.Context(), explainCommand(p), "iam-wildcard-action", "batch"))
}

// TestExplainMistakes: what cannot be answered is said.
func TestExplainMistakes(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": aState(t), "torn.json": `{"version":3,"deployment":{"resources":[`, "list.json": "[]",
		"level.json": `{"iam-document":"mandatry"}`, "setting.json": `{"table-encryption":{"minimunKey":"customer"}}`})
	for _, c := range []struct {
		args []string
		want string
	}{
		{nil, "requires at least 1 arg(s), only received 0"},
		{[]string{"x"}, "no run is recorded on this machine"},
		{[]string{"--file", "torn.json", "x"}, "torn.json: not a state: it ends after 40 bytes, in the middle"},
		{[]string{"--file", "none.json", "x"}, "open none.json: no such file or directory"},
		{[]string{"--config", "list.json", "x"}, "--config is what a state is judged by, so it needs --file"},
		{[]string{"--file", "state.json", "--config", "list.json", "x"}, "list.json is not a JSON object"},
		{[]string{"--file", "state.json", "--config", "level.json", "x"},
			`level.json: iam-document "mandatry" is not one of advisory, mandatory, remediate, disabled`},
		{[]string{"--file", "state.json", "--config", "setting.json", "x"},
			"dynamoguard cannot use its configuration:\n  table-encryption.minimunKey is not a property; did you mean \"minimumKey\"?"},
	} {
		if got, want := p.outcome(t.Context(), explainCommand(p), c.args...), "\nexit code 1: "+c.want+"\n"; got != want {
			t.Errorf("%q: %s\nwant %s", c.args, got, want)
		}
	}
}

// TestKeep: what was judged is kept, and a run ends in time although nothing can be kept.
func TestKeep(t *testing.T) {
	p := aProgram(t, nil)
	store := record.In(p.system.Cache)
	keep(engine.New(p.policies, p.now), "1.2.3", store)
	if last, err := store.Last(""); last != nil || err != nil {
		t.Errorf("of a run that judged nothing: %v, %v", last, err)
	}
	rules := engine.New(p.policies, p.now)
	rules.Analyze(&resource.Resource{
		URN: "urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders", Type: "aws:dynamodb/table:Table", Properties: resource.ObjectValue(nil),
	})
	keep(rules, "1.2.3", store)
	if last, err := store.Last(""); last == nil || err != nil {
		t.Errorf("of a run: %v, %v", last, err)
	}
	keep(rules, "1.2.3", record.In("not\x00a folder")) // fails, and that is all

	busy, release := make(chan struct{}), make(chan struct{})
	rules.In(engine.World{Load: func(policy.IndexSettings, policy.StackContext) (policy.Others, func()) {
		close(busy)
		<-release
		return nil, func() {}
	}})
	go rules.Analyze(&resource.Resource{})
	<-busy // and the engine answers nobody
	kept := make(chan struct{})
	go func() {
		defer close(kept)
		keep(rules, "1.2.3", record.In(""))
	}()
	select {
	case <-kept:
	case <-time.After(time.Minute):
		t.Error("the run does not end")
	}
	close(release)
}

// TestForgedExplanation: nothing of a state, of a record or of an argument controls the terminal.
func TestForgedExplanation(t *testing.T) {
	p := aProgram(t, map[string]string{"state.json": `{"version":3,"deployment":{"resources":[
{"urn":"urn:pulumi:de\u001b[31mv::shop::aws:iam/policy:Policy::a\npp","type":"aws:iam/policy:Policy","inputs":{"policy":
"{\"Statement\":[{\"Effect\":\"Allow\",\"A\\u001bct\u202e\":1,\"Action\":\"dynamodb:*\u009b\",\"Resource\":\"arn:aws:dynamodb:*:*:table/\u001b[2J\"}]}"}}]}}`})
	for _, args := range [][]string{{"iam-wildcard-action"}, {"iam-document"}, {"table-encryption"}, {"\x1b[2J\n"}} {
		got := p.outcome(t.Context(), explainCommand(p), append([]string{"--file", "state.json"}, args...)...)
		if strings.ContainsAny(got, "\x1b\u009b\u202e\r") {
			t.Errorf("%q: %q", args, got)
		}
	}
}
