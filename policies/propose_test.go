package policies_test

import (
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/policies"
)

// TestProposals asks for a proposal of every finding in all fixtures of all policies that has one. No policy on IAM says anything of
// what is proposed, at its default level, and it allows nothing that the statement does not.
func TestProposals(t *testing.T) {
	proposed, missing, written := 0, 0, 0
	for _, p := range policies.All() {
		all := fixtures(t, p.Name)
		for _, file := range slices.Sorted(maps.Keys(all)) {
			run := all[file].judged(t, p)
			for _, j := range run.Judgements {
				for _, f := range j.Findings {
					proposal := run.Proposal(f)
					if proposal == nil {
						continue
					}
					statement, _ := run.Statement(f)
					at := p.Name + "/" + file + ": " + string(f.Path) + " of " + f.URN.Name()
					switch {
					case len(proposal.Missing) > 0 && len(proposal.Statements) > 0, len(proposal.Missing) == 0 && len(proposal.Statements) == 0:
						t.Errorf("%s: %q is missing of %q", at, proposal.Missing, proposal.Statements)
					case len(proposal.Missing) > 0:
						missing++
					default:
						proposed++
						checkProposal(t, at, statement, proposal)
					}
					if more := withMentions(statement); len(more.Statements) > 0 {
						written++
						checkProposal(t, at, statement, more)
					}
				}
			}
		}
	}
	if proposed < 10 || missing < 100 || written < 100 {
		t.Errorf("%d statements have a proposal, of %d something is missing, and %d would have one if the stack said more", proposed, missing, written)
	}
}

// withMentions is what would be proposed for a statement by itself, if the stack named a table, a cluster and some actions for it.
func withMentions(statement string) *facts.Proposal {
	var m iam.Mention
	for _, name := range []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:DescribeTable", "dynamodb:ListTables", "dax:GetItem"} {
		m.Actions = m.Actions.Or(iam.LookupAction(name).Of())
	}
	cluster, _ := iam.NamedBy("arn:aws:dax:us-east-1:111122223333:cache/c", false)
	m.Tables = []iam.Named{cluster, {
		Text: "${orders.arn}", Name: "${orders.name}", Ref: iam.TableRef{Name: "orders-table"},
		Types: iam.Table | iam.Index | iam.Stream | iam.Backup | iam.Export | iam.Import,
	}}
	urn := resource.URN("urn:pulumi:dev::shop::aws:dynamodb/table:Table::orders")
	return &facts.Proposal{
		Proposal: iam.Parse(`{"Version":"2012-10-17","Statement":[`+statement+`]}`, kindOf(statement)).Propose(0, []iam.Mention{m}, today),
		Outputs: []facts.Output{
			{Reference: "${orders.arn}", Place: facts.Place{URN: urn, Path: "arn"}}, {Reference: "${orders.name}", Place: facts.Place{URN: urn, Path: "name"}},
		},
	}
}

// kindOf is the kind of document that a statement is of.
func kindOf(statement string) iam.Kind {
	if strings.Contains(statement, `"Principal"`) {
		return iam.Resource
	}
	return iam.Identity
}

// judged runs all policies on the fixture of one, which is configured as the fixture says.
func (f *fixture) judged(t *testing.T, p *policy.Policy) *engine.Run {
	t.Helper()
	ctx := context.Background()
	rules := engine.New(policies.All(), func() time.Time { return today }).In(f.world())
	server := analyzer.NewServer(rules, "0.0.0", func() {})
	config := f.configuration(t, p)
	for name := range config.PolicyConfig {
		if name != p.Name && name != policy.PackPolicy {
			delete(config.PolicyConfig, name) // which has the others disabled
		}
	}
	if _, err := server.Configure(ctx, wire(t, config)); err != nil {
		t.Fatal(err)
	}
	if _, err := server.ConfigureStack(ctx, wire(t, f.configureStack())); err != nil {
		t.Fatal(err)
	}
	requests := f.requests(t)
	for _, request := range requests {
		if _, err := server.Analyze(ctx, wire(t, request)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := server.AnalyzeStack(ctx, wire(t, f.stack(t, requests))); err != nil {
		t.Fatal(err)
	}
	return rules.Run()
}

var (
	aRegion   = regexp.MustCompile(`\b[a-z]{2}(-[a-z]+)+-[0-9]\b`)
	anAccount = regexp.MustCompile(`\b[0-9]{12}\b`)
)

// checkProposal checks what is proposed in place of a statement.
func checkProposal(t *testing.T, at, statement string, proposal *facts.Proposal) {
	t.Helper()
	first := func(pattern *regexp.Regexp, other string) string {
		if found := pattern.FindString(statement); found != "" {
			return found
		}
		return other
	}
	tables := "arn:aws:dynamodb:" + first(aRegion, "us-east-1") + ":" + first(anAccount, "111122223333") + ":table/"
	var refs []string
	for _, o := range proposal.Outputs {
		name := o.URN.Name() + "-table"
		if !strings.HasSuffix(string(o.Path), "rn") { // arn
			refs = append(refs, o.Reference, name)
		} else {
			refs = append(refs, o.Reference, tables+name)
		}
	}
	text := strings.NewReplacer(refs...).Replace(strings.Join(proposal.Statements, ","))

	var was element
	var is []element
	for _, decode := range []struct {
		text string
		into any
	}{{statement, &was}, {"[" + text + "]", &is}} {
		if err := json.Unmarshal([]byte(decode.text), decode.into); err != nil {
			t.Fatalf("%s: %s: %v", at, decode.text, err)
		}
	}
	for i := range is {
		is[i].Sid = was.Sid // which only the first has
		if diff := gocmp.Diff(was, is[i]); diff != "" {
			t.Errorf("%s: %s is more or less than with other actions on other resources (-was +is):\n%s", at, text, diff)
		}
	}

	kind := kindOf(statement)
	if said := saidOf(kind, text); len(said) > 0 {
		t.Errorf("%s: of %s is said %q", at, text, said)
	}
	original, now := unconditional(t, kind, statement), unconditional(t, kind, text)
	for _, target := range targets(tables, text) {
		for _, action := range slices.Concat(allActions(), []string{"s3:GetObject", "iam:PassRole"}) {
			request := iam.Request{Action: action, Resource: target, Principal: "arn:aws:iam::111122223333:user/alice", Account: "111122223333"}
			if allows(kind, now, request) && !allows(kind, original, request) {
				t.Errorf("%s: %s allows %s on %s, which %s does not", at, text, action, target, statement)
			}
		}
	}
}

// An element is what of a statement stays as it is.
type element struct {
	Sid, Effect          string
	Principal, Condition any
}

// saidOf is what all policies on IAM say of a document of some statements, held by a role or a table.
func saidOf(kind iam.Kind, statements string) (said []string) {
	document := `{"Version":"2012-10-17","Statement":[` + statements + `]}`
	rules := engine.New(policies.All(), func() time.Time { return today })
	resources := []*resource.Resource{of("aws:iam/role:Role", "app", map[string]string{"name": "app"})}
	if kind == iam.Resource {
		resources = append(resources, of("aws:dynamodb/resourcePolicy:ResourcePolicy", "app", map[string]string{
			"policy": document, "resourceArn": "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
		}))
	} else {
		resources = append(resources, of("aws:iam/rolePolicy:RolePolicy", "app", map[string]string{"policy": document, "role": "app"}))
	}
	rules.ConfigureStack(policy.StackContext{Known: true, Project: "shop", Name: "dev"})
	for _, r := range resources {
		rules.Analyze(r)
	}
	rules.AnalyzeStack(resources)
	for _, j := range rules.Run().Judgements {
		for _, f := range j.Findings {
			if strings.HasPrefix(j.Policy.Name, "iam-") {
				said = append(said, j.Policy.Name+": "+f.Wrong)
			}
		}
	}
	return said
}

func of(typ, name string, properties map[string]string) *resource.Resource {
	values := map[string]resource.Value{}
	for key, text := range properties {
		values[key] = resource.StringValue(text)
	}
	return &resource.Resource{
		URN: resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name), Type: typ, Name: name, Properties: resource.ObjectValue(values),
	}
}

// unconditional is a document of some statements without their conditions, and for everyone: those are the same.
func unconditional(t *testing.T, kind iam.Kind, statements string) *iam.Document {
	t.Helper()
	var list []map[string]any
	if err := json.Unmarshal([]byte("["+statements+"]"), &list); err != nil {
		t.Fatal(err)
	}
	for i := range list {
		delete(list[i], "Condition")
		if kind == iam.Resource {
			list[i]["Principal"] = "*"
		}
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		t.Fatal(err)
	}
	return iam.Parse(string(text), kind)
}

func allActions() (names []string) {
	for _, a := range iam.Actions() {
		names = append(names, a.String())
	}
	return names
}

// targets are resources that some statements name, and what belongs to them, with some that they do not.
func targets(tables, statements string) []string {
	list := []string{"*", tables + "elsewhere", "arn:aws:dynamodb:ap-south-1:999999999999:table/elsewhere", "arn:aws:dax:us-east-1:111122223333:cache/c"}
	for text := range strings.SplitSeq(statements, `"`) {
		if strings.HasPrefix(text, "arn:") {
			list = append(list, strings.ReplaceAll(text, "*", "1"))
		}
	}
	for _, text := range slices.Clone(list) {
		if strings.Contains(text, ":table/") && strings.Count(text, "/") == 1 {
			list = append(list, text+"/index/by-date", text+"/stream/2026-01-01T00:00:00.000", text+"/backup/1")
		}
	}
	return list
}

func allows(kind iam.Kind, d *iam.Document, request iam.Request) bool {
	if kind == iam.Resource {
		request.ResourcePolicy = d
	} else {
		request.Identity = []*iam.Document{d}
	}
	return iam.Evaluate(request).Verdict == iam.Allowed
}
