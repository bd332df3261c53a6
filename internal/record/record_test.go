package record_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/record"
	"dynamoguard/internal/resource"
	"dynamoguard/policies"
)

var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.FixedZone("", 3600))

const (
	table    = "aws:dynamodb/table:Table"
	document = "aws:iam/policy:Policy"
	wildcard = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["dynamodb:GetItem"],"Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"},
{"Effect":"Allow","Action":"dynamodb:*","Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}]}`
)

func urn(typ, name string) resource.URN {
	return resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name)
}

func object(members map[string]resource.Value) resource.Value { return resource.ObjectValue(members) }

func res(typ, name string, properties map[string]resource.Value) *resource.Resource {
	return &resource.Resource{URN: urn(typ, name), Type: typ, Name: name, Properties: object(properties)}
}

// run is an engine of the pack's own policies, all others than some disabled.
func run(t *testing.T, given map[string]policy.Given, names ...string) *engine.Engine {
	t.Helper()
	configuration := map[string]policy.Given{}
	for _, p := range policies.All() {
		configuration[p.Name] = policy.Given{}
	}
	for _, name := range names {
		configuration[name] = policy.Given{Level: policy.Mandatory}
	}
	for name, g := range given {
		configuration[name] = g
	}
	e := engine.New(policies.All(), func() time.Time { return now })
	if err := e.Configure(configuration); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestMended: what the inputs were changed for is kept, and what became of the resource is that it passes.
func TestMended(t *testing.T) {
	e := run(t, map[string]policy.Given{"table-deletion-protection": {Level: policy.Remediate}})
	inputs := map[string]resource.Value{"name": text("orders"), "replicas": resource.ArrayValue([]resource.Value{
		object(map[string]resource.Value{"regionName": text("eu-west-1"), "deletionProtectionEnabled": resource.BoolValue(false)}),
	})}
	r := res(table, "orders", inputs)
	for _, remediation := range e.Remediate(r) {
		for _, edit := range remediation.Edits {
			var err error
			if r.Properties, err = r.Properties.Set(edit.Path, edit.Value); err != nil {
				t.Fatal(err)
			}
		}
	}
	e.Analyze(r)
	finding := func(path, wrong, write string) record.Finding {
		return record.Finding{
			Policy: "table-deletion-protection", URN: r.URN, Path: path, Wrong: wrong, Remedy: "set it to true", Write: write, Level: "remediate", Mended: true,
		}
	}
	want := []record.Finding{
		finding("deletionProtectionEnabled", "deletionProtectionEnabled is not set: whoever may delete tables deletes the table at once",
			"deletionProtectionEnabled: true"),
		finding("replicas[0].deletionProtectionEnabled",
			`replicas[0].deletionProtectionEnabled is false: whoever may delete tables deletes the replica in "eu-west-1" at once`,
			"replicas[0].deletionProtectionEnabled: true"),
	}
	got := record.Of(e.Run(), "1.2.3", now)[0]
	if diff := cmp.Diff(want, got.Findings); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, p := range got.Policies {
		if outcomes := map[string]int{"pass": 1}; p.Name == "table-deletion-protection" && !cmp.Equal(outcomes, p.Outcomes) {
			t.Errorf("outcomes %v", p.Outcomes)
		}
	}
}

func text(s string) resource.Value { return resource.StringValue(s) }

// exemptions are those of a policy: one for a resource.
func exemptions(name, expires string) resource.Value {
	return object(map[string]resource.Value{"exemptions": resource.ArrayValue([]resource.Value{object(map[string]resource.Value{
		"resource": text(name), "reason": text("moves"), "owner": text("platform"), "expires": text(expires),
	})})})
}

// TestOf: a record has the findings with what became of them, what was not known, the notices and the counts.
func TestOf(t *testing.T) {
	e := run(t, map[string]policy.Given{
		"dynamoguard":      {Level: policy.Advisory},
		"table-encryption": {Level: policy.Mandatory, Properties: exemptions("orders", "2027-01-31")},
	}, "iam-wildcard-action")
	e.ConfigureStack(policy.StackContext{Known: true, Preview: true, Organization: "acme", Project: "shop", Name: "dev"})
	e.Analyze(res(document, "app", map[string]resource.Value{"policy": text(wildcard)}))
	e.Analyze(res(document, "later", map[string]resource.Value{"policy": resource.UnknownValue()}))
	e.Analyze(res(table, "orders", map[string]resource.Value{"name": text("orders")}))

	statement := wildcard[strings.Index(wildcard, "\n")+1 : len(wildcard)-2]
	policyOf := func(name, level string, outcomes map[string]int) record.Policy {
		return record.Policy{Name: name, Level: level, Outcomes: outcomes}
	}
	want := &record.Record{
		Format: 1, Version: "1.2.3", Time: now.UTC(), Organization: "acme", Project: "shop", Stack: "dev", Preview: true,
		Findings: []record.Finding{
			{
				Policy: "iam-wildcard-action", URN: urn(document, "app"), Path: "policy.Statement[1].Action",
				Wrong:  `policy.Statement[1].Action "dynamodb:*" grants 57 DynamoDB actions, DeleteTable among them`,
				Remedy: "list the actions the workload calls, or name the policy in boundaries if it is a permission boundary", Level: "mandatory",
				Statement: statement, Element: "Action",
				Proposal: record.Proposal{
					Statements: `{"Effect":"Allow","Action":"dynamodb:GetItem","Resource":"arn:aws:dynamodb:eu-west-1:111122223333:table/orders"}`,
					Redundant:  true,
					Rests:      `policy.Statement[0] of aws:iam:Policy "app"`,
				},
			},
			{
				Policy: "table-encryption", URN: urn(table, "orders"), Path: "serverSideEncryption",
				Wrong: "serverSideEncryption is not set: the table is encrypted with the AWS-owned key, which nobody can audit or revoke",
				Remedy: "set serverSideEncryption.enabled to true, and serverSideEncryption.kmsKeyArn to a customer managed key where " +
					"another account reads the table",
				Write:  "serverSideEncryption.enabled: true",
				Level:  "mandatory",
				Exempt: true, Exemption: "moves (owner platform, expires 2027-01-31)",
			},
		},
		Gaps: []record.Gap{{
			Policy: "iam-wildcard-action", URN: urn(document, "later"), Outcome: "unknown", Unknown: []string{"policy"},
		}},
	}
	for _, p := range policies.All() {
		reads := p.Reads()
		switch {
		case p.Name == "iam-wildcard-action":
			want.Policies = append(want.Policies, policyOf(p.Name, "mandatory", map[string]int{"fail": 1, "unknown": 1}))
		case p.Name == "table-encryption":
			want.Policies = append(want.Policies, policyOf(p.Name, "mandatory", map[string]int{"exempt": 1}))
		case p.Name == "dynamoguard":
			want.Policies = append(want.Policies, policyOf(p.Name, "advisory", map[string]int{}))
		case p.CheckResource == nil || reads[document] == nil && (reads[table] == nil || strings.HasPrefix(p.Name, "iam-")):
			want.Policies = append(want.Policies, policyOf(p.Name, "disabled", map[string]int{}))
		case reads[document] != nil && reads[table] != nil:
			want.Policies = append(want.Policies, policyOf(p.Name, "disabled", map[string]int{"not-applicable": 3}))
		case reads[document] != nil:
			want.Policies = append(want.Policies, policyOf(p.Name, "disabled", map[string]int{"not-applicable": 2}))
		default:
			want.Policies = append(want.Policies, policyOf(p.Name, "disabled", map[string]int{"not-applicable": 1}))
		}
	}
	want.Configuration = e.Run().Config.Hash()
	if diff := cmp.Diff([]*record.Record{want}, record.Of(e.Run(), "1.2.3", now)); diff != "" {
		t.Errorf("before the end of the stack (-want +got):\n%s", diff)
	}

	e.AnalyzeStack([]*resource.Resource{res(resource.StackType, "shop-dev", nil)})
	got := record.Of(e.Run(), "1.2.3", now)
	wantNotices := []string{
		"1 of 2 policy documents were judged; the rest is not known in a preview, `dynamoguard preview` judges it now, and `pulumi up` judges each before it is created: " +
			`policy of aws:iam:Policy "later"`,
		"1 exemption was used: table-encryption on " + string(urn(table, "orders")) + ": moves (owner platform, expires 2027-01-31)",
	}
	if len(got) != 1 || !got[0].Ended {
		t.Fatalf("at the end: %v", got)
	}
	if diff := cmp.Diff(wantNotices, got[0].Notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestStacks: an analyzed state may hold several stacks, and each has its own record; what is judged by no policy counts too.
func TestStacks(t *testing.T) {
	if got := record.Of(run(t, nil).Run(), "1.2.3", now); got != nil {
		t.Errorf("of a run that judged nothing: %v", got)
	}
	e := run(t, nil, "table-encryption")
	e.Analyze(&resource.Resource{URN: "urn:pulumi:prod::bank::random:index:Id::x", Type: "random:index:Id"})
	e.Analyze(res(table, "orders", map[string]resource.Value{"name": text("orders")}))
	var got []string
	for _, r := range record.Of(e.Run(), "1.2.3", now) {
		got = append(got, fmt.Sprintf("%s: %d", r.Describe(), len(r.Findings)))
	}
	hash := e.Run().Config.Hash()
	want := []string{
		"run of bank/prod at 2026-11-27 11:00:00 UTC, dynamoguard 1.2.3, configuration " + hash + ", which did not reach the end of the stack: 0",
		"run of shop/dev at 2026-11-27 11:00:00 UTC, dynamoguard 1.2.3, configuration " + hash + ", which did not reach the end of the stack: 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSecrets: a record holds nothing of a secret, whatever the policies find in it and wherever it stands.
func TestSecrets(t *testing.T) {
	const secret = "s3cr3t"
	e := engine.New(policies.All(), func() time.Time { return now })
	e.ConfigureStack(policy.StackContext{Known: true, Project: "shop", Name: "dev", Config: map[string]resource.Value{
		"aws:region": text("eu-west-1-" + secret).AsSecret(),
	}})
	hidden := `{"Version":"2012-10-17","Statement":[{"Sid":"` + secret + `","Effect":"Allow","Action":["dynamodb:*","dynamodb:` + secret +
		`"],"Resource":"arn:aws:dynamodb:*:*:table/` + secret + `*"},{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	partly := object(map[string]resource.Value{
		"Version": text("2012-10-17"),
		"Statement": resource.ArrayValue([]resource.Value{object(map[string]resource.Value{
			"Effect": text("Allow"), "Action": text("dynamodb:*"), "Resource": text("arn:aws:dynamodb:*:*:table/" + secret).AsSecret(),
		})}),
	})
	resources := []*resource.Resource{
		res(table, "a", map[string]resource.Value{"name": text("orders-" + secret).AsSecret()}),
		res(table, "b", map[string]resource.Value{"name": text("orders-" + secret).AsSecret(), "replicas": text(secret).AsSecret()}),
		res(document, "whole", map[string]resource.Value{"name": text(secret).AsSecret(), "policy": text(hidden).AsSecret()}),
		res(document, "partly", map[string]resource.Value{"policy": partly}),
		res(document, "broken", map[string]resource.Value{"policy": text(hidden[:60]).AsSecret()}),
	}
	for _, r := range resources {
		r.Provider = &resource.Provider{
			URN: urn("pulumi:providers:aws", "default"), Type: "pulumi:providers:aws",
			Properties: object(map[string]resource.Value{"accessKey": text(secret).AsSecret(), "profile": text(secret).AsSecret()}),
		}
		e.Analyze(r)
	}
	e.AnalyzeStack(resources)
	records := record.Of(e.Run(), "1.2.3", now)
	kept, err := json.Marshal(records)
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 1 || len(records[0].Findings) < 8 {
		t.Errorf("too little was found to tell: %s", kept)
	}
	if strings.Contains(string(kept), secret) {
		t.Errorf("a secret is kept: %s", kept)
	}

	// What was a secret as an input is one as an output as well.
	e = run(t, nil, "iam-wildcard-action")
	e.Analyze(res(document, "app", map[string]resource.Value{"policy": text(wildcard).AsSecret()}))
	e.Analyze(res(document, "app", map[string]resource.Value{"policy": text(wildcard + " ")}))
	if got := record.Of(e.Run(), "1.2.3", now)[0].Findings; len(got) != 1 || got[0].Statement != "" {
		t.Errorf("the statement of a secret document is kept: %v", got)
	}
}

// TestBounds: a record has a size, whatever a run finds, and says what is left out.
func TestBounds(t *testing.T) {
	const findings = 12000
	e := run(t, nil, "iam-wildcard-action")
	long := strings.Replace(wildcard, `"Effect":"Allow","Action":"dynamodb:*"`, `"Sid":"`+strings.Repeat("x", 10<<10)+`","Effect":"Allow","Action":"dynamodb:*"`, 1)
	for i := range findings {
		given := wildcard
		if i == 0 {
			given = long
		}
		e.Analyze(res(document, fmt.Sprint("app", i), map[string]resource.Value{"policy": text(given)}))
	}
	r := record.Of(e.Run(), "1.2.3", now)[0]
	folder := t.TempDir()
	store := record.In(folder)
	if err := store.Save(r); err != nil {
		t.Fatal(err)
	}
	_, info := only(t, folder)
	if n := len(r.Findings) + r.LeftOut; n != findings || info.Size() > 4<<20 || info.Size() < 3<<20 {
		t.Errorf("%d of %d findings and the rest, %d bytes", len(r.Findings), n, info.Size())
	}
	if n := len(r.Findings[0].Statement); n != 8<<10 {
		t.Errorf("%d bytes of a long statement", n)
	}
	want := fmt.Sprintf("; %d findings or gaps beyond what a record has room for", r.LeftOut)
	if s := r.Describe(); !strings.HasSuffix(s, want) {
		t.Errorf("%s does not end with %s", s, want)
	}
	if last, err := store.Last(""); err != nil || last == nil || len(last.Findings) != len(r.Findings) {
		t.Errorf("it cannot be read again: %v", err)
	}
}

// only returns the one file that a store keeps in a folder.
func only(t *testing.T, folder string) (path string, info os.FileInfo) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "runs", "*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%v, %v", files, err)
	}
	info, err = os.Lstat(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return files[0], info
}

func of(organization, project, stack string, at time.Time) *record.Record {
	return &record.Record{Format: 1, Version: "1.2.3", Time: at.UTC(), Organization: organization, Project: project, Stack: stack}
}

// TestLast finds the last run, by all the names that a stack has.
func TestLast(t *testing.T) {
	folder := t.TempDir()
	store := record.In(folder)
	if last, err := store.Last(""); last != nil || err != nil {
		t.Errorf("of no run: %v, %v", last, err)
	}
	first, second := of("acme", "shop", "dev", now), of("", "bank", "prod", now.Add(time.Hour))
	again := of("acme", "shop", "dev", now.Add(time.Minute))
	for _, r := range []*record.Record{first, second, again} {
		if err := store.Save(r); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range map[string]string{"other.json": `{"format":2,"stack":"dev","time":"2030-01-01T00:00:00Z"}`, "torn.json": `{"format":1,"sta`} {
		if err := os.WriteFile(filepath.Join(folder, "runs", name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for stack, want := range map[string]*record.Record{
		"": second, "prod": second, "bank/prod": second, "dev": again, "shop/dev": again, "acme/shop/dev": again, "other/shop/dev": nil, "de": nil,
	} {
		got, err := store.Last(stack)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", stack, err, diff)
		}
	}
}

// TestSave: only the user can read a record, no link in its place is followed, and without a folder nothing is kept.
func TestSave(t *testing.T) {
	folder := t.TempDir()
	store := record.In(folder)
	if err := store.Save(of("acme", "shop", "../../dev", now)); err != nil {
		t.Fatal(err)
	}
	path, info := only(t, folder)
	if runtime.GOOS != "windows" {
		above, err := os.Stat(filepath.Dir(path))
		if err != nil || info.Mode() != 0o600 || above.Mode().Perm() != 0o700 {
			t.Errorf("%v in %v, %v", info.Mode(), above.Mode(), err)
		}
		target := filepath.Join(t.TempDir(), "target")
		if err := os.WriteFile(target, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		if last, err := store.Last(""); last != nil || err != nil {
			t.Errorf("a link is read: %v, %v", last, err)
		}
		if err := store.Save(of("acme", "shop", "../../dev", now)); err != nil {
			t.Fatal(err)
		}
		left, err := os.ReadFile(target)
		if _, info := only(t, folder); !info.Mode().IsRegular() || string(left) != "mine" || err != nil {
			t.Errorf("%v, and what the link led to is %q, %v", info.Mode(), left, err)
		}
	}
	if err := record.In("").Save(of("", "shop", "dev", now)); err != nil {
		t.Error(err)
	}
	if last, err := record.In("").Last(""); last != nil || err == nil {
		t.Errorf("of no folder: %v, %v", last, err)
	}
}

// TestClean: the newest records are kept, and what a run left unfinished goes once no run can be writing it any more.
func TestClean(t *testing.T) {
	folder := t.TempDir()
	store := record.In(folder)
	runs := filepath.Join(folder, "runs")
	for i := range 105 {
		if err := store.Save(of("", "shop", fmt.Sprint("pr-", i), now.Add(time.Duration(i)*time.Minute))); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(runs, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files { // those before are older, on whatever clock
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(f, time.Time{}, info.ModTime().Add(-time.Minute)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, at := range map[string]time.Time{"new-old": now.Add(-2 * time.Hour), "new-young": now} {
		path := filepath.Join(runs, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, time.Time{}, at); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.Save(of("", "shop", "pr-104", now)); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadDir(runs)
	if err != nil {
		t.Fatal(err)
	}
	var unfinished []string
	for _, e := range kept {
		if filepath.Ext(e.Name()) != ".json" {
			unfinished = append(unfinished, e.Name())
		}
	}
	if diff := cmp.Diff([]string{"new-young"}, unfinished); diff != "" || len(kept) != 101 {
		t.Errorf("%d files, unfinished (-want +got):\n%s", len(kept), diff)
	}
	for stack, isKept := range map[string]bool{"pr-0": false, "pr-4": false, "pr-5": true, "pr-104": true} {
		if last, err := store.Last(stack); (last != nil) != isKept || err != nil {
			t.Errorf("%s: %v, %v", stack, last, err)
		}
	}
}
