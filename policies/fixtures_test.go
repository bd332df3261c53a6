package policies_test

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"go.yaml.in/yaml/v3"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/account"
	"dynamoguard/internal/analyzer"
	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/plugin"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
	"dynamoguard/policies"
)

// today is the date of every fixture: exemptions in them expire before or after it.
var today = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A fixture is a stack and what one policy, the one its folder is named after, is to say of it. Values may be tagged
// !unknown or !secret, as the engine would send them.
type fixture struct {
	Config    map[string]any `yaml:"config"` // properties of the policy
	Level     string         `yaml:"level"`  // of the policy, its default where absent
	Pack      map[string]any `yaml:"pack"`   // properties of the policy dynamoguard
	Other     []string       `yaml:"other"`  // names in the configuration that no policy has
	Name      string         `yaml:"name"`   // of the stack, dev where it is absent
	Preview   bool           `yaml:"preview"`
	Analyze   bool           `yaml:"analyze"`  // as policy analyze does, which configures no stack
	Foreseen  []string       `yaml:"foreseen"` // the stand-ins of a foreseen preview, which the run is where it is there
	Stack     map[string]string
	Others    []fixtureTable    `yaml:"others"`  // tables of all stacks; none are looked for where it is absent
	Unread    []fixtureUnread   `yaml:"unread"`  // why there may be more of them
	Backend   string            `yaml:"backend"` // of the running stack
	AWS       map[string]string `yaml:"aws"`     // environment variables, the AWS configuration's text as CONFIG
	Resources []fixtureResource `yaml:"resources"`
	// OfStack is what the policy is to say at the end: of a diagnostic "level name: message", where name is that of the
	// resource. A resource policy says there what was not known, if that is mandatory.
	OfStack want `yaml:"ofStack"`
	// Policies are the other policies that run, all where it is absent: for what a notice lists of them.
	Policies []string `yaml:"policies"`
	// Worded is how many findings of one wording say what to write instead, all where it is absent.
	Worded int `yaml:"worded"`
}

// name is that of the stack.
func (f *fixture) name() string { return cmp.Or(f.Name, "dev") }

// policies are those that run.
func (f *fixture) policies(t *testing.T, p *policy.Policy) []*policy.Policy {
	t.Helper()
	if f.Policies == nil {
		return policies.All()
	}
	list := slices.DeleteFunc(policies.All(), func(q *policy.Policy) bool {
		return q != p && q.Name != policy.PackPolicy && !slices.Contains(f.Policies, q.Name)
	})
	if len(list) < len(f.Policies) {
		t.Fatalf("not all of %v are policies", f.Policies)
	}
	return list
}

// A fixtureTable is a table that a stack owns. The URN is made up where it is absent. Provider is a name. Source, where it is
// there, is what tells of the table, as of the day before, and Doubt why that may not hold any more.
type fixtureTable struct {
	Stack, Account, Region, Name, URN, Provider, Pending, Backend, Source, Doubt string
	Foreign                                                                      bool
}

func (x fixtureTable) entry() tables.Entry {
	project, stack, _ := strings.Cut(x.Stack, "/")
	provider := ""
	if x.Provider != "" {
		provider = fmt.Sprintf("urn:pulumi:%s::%s::pulumi:providers:aws::%s", stack, project, x.Provider)
	}
	e := tables.Entry{
		Partition: "aws", Account: x.Account, Region: x.Region, Name: x.Name, Organization: "acme", Project: project, Stack: stack,
		URN:      cmp.Or(x.URN, fmt.Sprintf("urn:pulumi:%s::%s::%s::%s", stack, project, facts.Table, x.Name)),
		Provider: provider, Pending: x.Pending, Backend: x.Backend,
	}
	if x.Source != "" {
		e.Source = &tables.Source{Name: x.Source, At: today.AddDate(0, 0, -1), Doubt: x.Doubt, Foreign: x.Foreign}
	}
	return e
}

// others are the tables of a fixture's other stacks.
type others struct {
	*tables.Lookup
	unread  []fixtureUnread
	backend string
}

func (o others) Own(project, stack string) []tables.Entry {
	owner := tables.Owner{Backend: o.backend, Organization: "acme", Project: project, Stack: stack}
	return slices.DeleteFunc(slices.Clone(o.All()), func(e tables.Entry) bool { return !owner.Owns(e) })
}

func (o others) Backend() string { return o.backend }
func (o others) Complete() bool  { return len(o.unread) == 0 }

func (o others) Unread() (list []tables.Unread) {
	for _, u := range o.unread {
		list = append(list, tables.Unread(u))
	}
	return list
}

// A fixtureUnread is a reason, written as a string, or one with the stacks that it is about or with its kind.
type fixtureUnread tables.Unread

func (u *fixtureUnread) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		u.Reason = n.Value
		return nil
	}
	return n.Decode((*tables.Unread)(u))
}

// world is the world around the fixture's stack.
func (f *fixture) world() engine.World {
	w := engine.World{AWS: &account.Sources{
		Home:   "/home",
		Getenv: func(name string) string { return f.AWS[name] },
		ReadFile: func(path string) ([]byte, error) {
			if path != filepath.FromSlash("/home/.aws/config") {
				return nil, os.ErrNotExist
			}
			return []byte(f.AWS["CONFIG"]), nil
		},
	}}
	if f.Foreseen != nil {
		w.Session = &fixtureSession{f.Foreseen}
	}
	if f.Others != nil {
		w.Load = func(policy.IndexSettings, policy.StackContext) (policy.Others, func()) {
			var entries []tables.Entry
			for _, x := range f.Others {
				entries = append(entries, x.entry())
			}
			return others{tables.NewLookup(tables.New(today, entries, nil, 0)), f.Unread, f.Backend}, func() {}
		}
	}
	return w
}

// A fixtureSession is a foreseen preview in which this pack judges.
type fixtureSession struct{ standIns []string }

func (s *fixtureSession) Leads() bool          { return true }
func (s *fixtureSession) Judged(engine.Counts) {}

func (s *fixtureSession) StandIns() []string {
	issued := s.standIns
	s.standIns = nil
	return issued
}

type fixtureResource struct {
	Name     string    `yaml:"name"`
	Type     string    `yaml:"type"`
	Parent   string    `yaml:"parent"`  // type of a component around it
	Aliases  []string  `yaml:"aliases"` // URNs
	Provider string    `yaml:"provider"`
	Protect  bool      `yaml:"protect"`
	Inputs   yaml.Node `yaml:"inputs"`
	// ProviderInputs may be left out from the second resource of a provider on.
	ProviderInputs yaml.Node `yaml:"providerInputs"`
	// Outputs are what AnalyzeStack is told beside the inputs, and DependsOn what a property was made of, by name.
	Outputs   yaml.Node           `yaml:"outputs"`
	DependsOn map[string][]string `yaml:"dependsOn"`
	// Mended are the inputs that Remediate makes of the others; they are left as they are where it is absent.
	Mended yaml.Node `yaml:"mended"`
	Want   want      `yaml:"want"` // of a resource policy
}

// want is what the policy is to say: nothing (pass), why it says nothing, or one message for each violation, with its
// level before it.
type want struct {
	Pass          bool     `yaml:"-"`
	NotApplicable string   `yaml:"notApplicable"`
	Diagnostics   []string `yaml:"diagnostics"`
}

func (w *want) UnmarshalYAML(n *yaml.Node) error {
	if n.Value == "pass" {
		w.Pass = true
		return nil
	}
	type plain want
	return n.Decode((*plain)(w))
}

// TestFixtures judges every fixture through the encoding the engine uses.
func TestFixtures(t *testing.T) {
	for _, p := range policies.All() {
		t.Run(p.Name, func(t *testing.T) {
			ran, clean, violating := 0, 0, 0
			read := map[string]map[string]bool{}
			all := fixtures(t, p.Name)
			for file, f := range all {
				t.Run(file, func(t *testing.T) {
					ran++
					c, v := f.run(t, p)
					clean, violating = clean+c, violating+v
				})
				f.observe(t, p, read)
			}
			if ran == len(all) && (clean == 0 || violating == 0) { // with -run, one may run alone
				t.Errorf("%d clean and %d violating resources in testdata/%s: both kinds are needed", clean, violating, p.Name)
			}
			// What facts read is read of all types alike, and tested there.
			sharing := facts.Reads(facts.DocumentReads(iam.Identity, iam.Resource), facts.LinkReads, facts.TemplateReads)
			if p != policies.TableBackupPlan {
				sharing = facts.Reads(sharing, facts.BackupReads)
			}
			reads, shared := p.Reads(), sharing()
			for typ, patterns := range reads {
				for _, pattern := range patterns {
					if !read[typ][pattern] && !slices.Contains(shared[typ], pattern) {
						t.Errorf("%s says that it reads %s of %s, and in no fixture does", p.Name, pattern, typ)
					}
				}
			}
			for typ, patterns := range read {
				for pattern := range patterns {
					if !slices.Contains(reads[typ], pattern) {
						t.Errorf("%s reads %s of %s without saying so in Reads", p.Name, pattern, typ)
					}
				}
			}
			holdExample(t, p, "Before", p.Before, func(w want) bool { return len(w.Diagnostics) > 0 })
			holdExample(t, p, "After", p.After, func(w want) bool { return w.Pass })
		})
	}
}

// holdExample finds the inputs of an example of a policy among its fixtures, with what is to be said of them.
func holdExample(t *testing.T, p *policy.Policy, name, example string, said func(want) bool) {
	t.Helper()
	var inputs any
	if err := yaml.Unmarshal([]byte(example), &inputs); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, f := range fixtures(t, p.Name) {
		for _, r := range f.Resources {
			var has any
			if err := r.Inputs.Decode(&has); err != nil {
				continue // it has tags of ours
			}
			w := r.Want
			if p.CheckResource == nil || p.Gathered && w.NotApplicable != "" {
				w = f.OfStack
			}
			if m, ok := has.(map[string]any); ok {
				delete(m, "__defaults") // the engine's
			}
			if gocmp.Equal(has, inputs) && said(w) {
				return
			}
		}
	}
	t.Errorf("no fixture of %s has the inputs of %s, with what they lead to", p.Name, name)
}

// TestFixtureFolders fails on a folder that no policy is tested by.
func TestFixtureFolders(t *testing.T) {
	folders, err := filepath.Glob("../testdata/policies/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		named := func(p *policy.Policy) bool { return p.Name == filepath.Base(folder) }
		if !slices.ContainsFunc(policies.All(), named) {
			t.Errorf("%s has fixtures of a policy that does not exist", folder)
		}
	}
}

func fixtures(t testing.TB, name string) map[string]*fixture {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../testdata/policies", name, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	parsed := map[string]*fixture{}
	for _, file := range files {
		f := &fixture{}
		decode(t, file, f)
		parsed[filepath.Base(file)] = f
	}
	return parsed
}

// decode reads a YAML file that has no other fields than a struct.
func decode(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func (f *fixture) run(t *testing.T, p *policy.Policy) (clean, violating int) {
	ctx := context.Background()
	rules := engine.New(f.policies(t, p), func() time.Time { return today }).In(f.world()).Wording(cmp.Or(f.Worded, math.MaxInt))
	server := analyzer.NewServer(rules, "0.0.0", func() {})
	if _, err := server.Configure(ctx, wire(t, f.configuration(t, p))); err != nil {
		t.Fatal(err)
	}
	if !f.Analyze {
		if _, err := server.ConfigureStack(ctx, wire(t, f.configureStack())); err != nil {
			t.Fatal(err)
		}
	}
	requests := f.requests(t)
	for i, request := range requests {
		want := request.Properties
		if n := &f.Resources[i].Mended; !n.IsZero() {
			want = properties(t, n)
		}
		for _, inputs := range remediated(t, server, request) {
			request.Properties = inputs
		}
		if !proto.Equal(want, request.Properties) {
			t.Errorf("%s %s is mended to\n%s", request.Type, request.Name, protojson.Format(request.Properties))
		}
		maps.DeleteFunc(request.Properties.GetFields(), func(name string, _ *structpb.Value) bool { return strings.HasPrefix(name, "__") })
		response, err := server.Analyze(ctx, wire(t, request))
		if err != nil {
			t.Fatal(err)
		}
		if p.CheckResource == nil {
			continue
		}
		got := said(t, wire(t, response), p.Name)
		if diff := gocmp.Diff(f.Resources[i].Want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", request.Type, request.Name, diff)
		}
		if len(got.Diagnostics) > 0 {
			violating++
		} else {
			clean++
		}
	}
	if p.CheckResource != nil && p.CheckStack == nil && len(f.OfStack.Diagnostics) == 0 {
		return clean, violating
	}
	response, err := server.AnalyzeStack(ctx, wire(t, f.stack(t, requests)))
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range response.Diagnostics {
		d.Message = fmt.Sprintf("%s: %s", resource.URN(d.Urn).Name(), d.Message)
	}
	got := said(t, wire(t, response), p.Name)
	for i, d := range got.Diagnostics {
		got.Diagnostics[i] = strings.Replace(d, ": ", " ", 1)
	}
	if p.CheckResource != nil {
		got = want{Diagnostics: got.Diagnostics} // why it says nothing of a resource it has said already
	}
	if diff := gocmp.Diff(f.OfStack, got); diff != "" {
		t.Errorf("of the stack (-want +got):\n%s", diff)
	}
	return len(requests) + 1 - min(len(requests)+1, len(got.Diagnostics)), len(got.Diagnostics)
}

func (f *fixture) configureStack() *pulumirpc.AnalyzerStackConfigureRequest {
	return &pulumirpc.AnalyzerStackConfigureRequest{
		DryRun: f.Preview, Organization: "acme", Stack: f.name(), Project: "shop", Config: f.Stack,
	}
}

// stack is the request at the end of the stack: the root, and every resource with its inputs and outputs.
func (f *fixture) stack(t testing.TB, requests []*pulumirpc.AnalyzeRequest) *pulumirpc.AnalyzeStackRequest {
	stack := &pulumirpc.AnalyzeStackRequest{Resources: []*pulumirpc.AnalyzerResource{
		{Type: resource.StackType, Name: "shop-" + f.name(), Urn: string(resource.RootURN("shop", f.name()))},
	}}
	for i, request := range requests {
		r := &pulumirpc.AnalyzerResource{
			Type: request.Type, Name: request.Name, Urn: request.Urn, Provider: request.Provider,
			Properties:           &structpb.Struct{Fields: map[string]*structpb.Value{}},
			PropertyDependencies: map[string]*pulumirpc.AnalyzerPropertyDependencies{},
		}
		maps.Copy(r.Properties.Fields, request.Properties.GetFields())
		maps.Copy(r.Properties.Fields, properties(t, &f.Resources[i].Outputs).GetFields())
		for property, names := range f.Resources[i].DependsOn {
			r.PropertyDependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{}
			for _, name := range names {
				at := slices.IndexFunc(requests, func(r *pulumirpc.AnalyzeRequest) bool { return r.Name == name })
				if at < 0 {
					t.Fatalf("%s depends on %s, which is not there", request.Name, name)
				}
				d := r.PropertyDependencies[property]
				d.Urns = append(d.Urns, requests[at].Urn)
			}
		}
		stack.Resources = append(stack.Resources, r)
	}
	return stack
}

// observe runs the policy alone and notes the properties it reads.
func (f *fixture) observe(t *testing.T, p *policy.Policy, read map[string]map[string]bool) {
	given := map[string]policy.Given{}
	for name, c := range f.configuration(t, p).PolicyConfig {
		given[name] = policy.Given{Level: policy.Mandatory, Properties: plugin.DecodeProperties(c.Properties)}
	}
	config, err := policy.Configure(policies.All(), given)
	if err != nil {
		t.Fatal(err)
	}
	frame := policy.Frame{Policy: p, Seen: new(facts.Stack), Config: config, Stack: &policy.StackContext{}}
	if w := f.world(); w.Load != nil {
		frame.Outside.Others, _ = w.Load(policy.IndexSettings{}, policy.StackContext{})
	}
	decode := func(d analyzer.Described) *resource.Resource {
		r := analyzer.DecodeResource(d, func(string) bool { return true })
		r.OnRead = func(pattern string) {
			if read[r.Type] == nil {
				read[r.Type] = map[string]bool{}
			}
			read[r.Type][pattern] = true
		}
		return r
	}
	requests := f.requests(t)
	if p.CheckResource != nil {
		reads := p.Reads()
		for _, request := range requests {
			if r := decode(request); reads[r.Type] != nil {
				frame.Seen.SeeChecked(r)
				p.CheckResource(&policy.Pass{Frame: frame, Resource: r, Facts: facts.New(r)})
			}
		}
	}
	if p.CheckStack != nil {
		var stack []*resource.Resource
		for _, r := range f.stack(t, requests).Resources {
			stack = append(stack, decode(r))
		}
		p.CheckStack(&policy.StackPass{Frame: frame, Graph: facts.NewGraph(stack, frame.Seen)})
	}
}

// byConfiguration is what each notice ends with.
var byConfiguration = regexp.MustCompile(`\s+\(configuration [0-9a-f]{12}\)$`)

func said(t *testing.T, response *pulumirpc.AnalyzeResponse, name string) want {
	t.Helper()
	var w want
	for _, d := range response.Diagnostics {
		if d.PolicyName == name {
			message := byConfiguration.ReplaceAllString(d.Message, "")
			w.Diagnostics = append(w.Diagnostics, strings.ToLower(d.EnforcementLevel.String())+": "+message)
		}
	}
	for _, n := range response.NotApplicable {
		if n.Reason == "" {
			t.Errorf("%s is not applicable, and does not say why", n.PolicyName)
		}
		if n.PolicyName == name {
			w.NotApplicable = n.Reason
		}
	}
	w.Pass = w.NotApplicable == "" && len(w.Diagnostics) == 0
	return w
}

func (f *fixture) configuration(t testing.TB, p *policy.Policy) *pulumirpc.ConfigureAnalyzerRequest {
	level := p.Level
	if f.Level != "" {
		level = map[string]policy.Level{
			"disabled": policy.Disabled, "advisory": policy.Advisory, "mandatory": policy.Mandatory, "remediate": policy.Remediate,
		}[f.Level]
	}
	levels := map[policy.Level]pulumirpc.EnforcementLevel{
		policy.Disabled: pulumirpc.EnforcementLevel_DISABLED,
		policy.Advisory: pulumirpc.EnforcementLevel_ADVISORY, policy.Mandatory: pulumirpc.EnforcementLevel_MANDATORY,
		policy.Remediate: pulumirpc.EnforcementLevel_REMEDIATE,
	}
	config := map[string]*pulumirpc.PolicyConfig{
		policy.PackPolicy: {EnforcementLevel: pulumirpc.EnforcementLevel_ADVISORY, Properties: object(t, f.Pack)},
	}
	if p.Name != policy.PackPolicy || f.Level != "" {
		config[p.Name] = &pulumirpc.PolicyConfig{EnforcementLevel: levels[level], Properties: object(t, f.Config)}
	}
	for _, name := range f.Other {
		config[name] = &pulumirpc.PolicyConfig{EnforcementLevel: pulumirpc.EnforcementLevel_MANDATORY}
	}
	return &pulumirpc.ConfigureAnalyzerRequest{PolicyConfig: config}
}

func object(t testing.TB, m map[string]any) *structpb.Struct {
	t.Helper()
	s, err := structpb.NewStruct(m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (f *fixture) requests(t testing.TB) []*pulumirpc.AnalyzeRequest {
	t.Helper()
	providers := map[string]*structpb.Struct{}
	var requests []*pulumirpc.AnalyzeRequest
	for _, r := range f.Resources {
		types := r.Type
		if r.Parent != "" {
			types = r.Parent + "$" + r.Type
		}
		request := &pulumirpc.AnalyzeRequest{
			Type: r.Type, Name: r.Name, Urn: "urn:pulumi:" + f.name() + "::shop::" + types + "::" + r.Name,
			Properties: properties(t, &r.Inputs),
		}
		if r.Aliases != nil || r.Protect {
			request.Options = &pulumirpc.AnalyzerResourceOptions{Aliases: r.Aliases, Protect: r.Protect}
		}
		if r.Provider != "" {
			if !r.ProviderInputs.IsZero() {
				providers[r.Provider] = properties(t, &r.ProviderInputs)
			}
			pack, _, _ := strings.Cut(r.Type, ":")
			typ := "pulumi:providers:" + pack
			request.Provider = &pulumirpc.AnalyzerProviderResource{
				Type: typ, Name: r.Provider,
				Urn: "urn:pulumi:" + f.name() + "::shop::" + typ + "::" + r.Provider, Properties: providers[r.Provider],
			}
		}
		requests = append(requests, request)
	}
	return requests
}

func properties(t testing.TB, n *yaml.Node) *structpb.Struct {
	t.Helper()
	if n.IsZero() {
		return nil
	}
	return property(t, n).GetStructValue()
}

// property encodes a YAML value as the engine does.
func property(t testing.TB, n *yaml.Node) *structpb.Value {
	t.Helper()
	switch n.Tag {
	case "!unknown":
		return structpb.NewStringValue("04da6b54-80e4-46f7-96ec-b56ff0331ba9")
	case "!secret":
		inner := *n
		inner.Tag = ""
		return structpb.NewStructValue(&structpb.Struct{Fields: map[string]*structpb.Value{
			"4dabf18193072939515e22adb298388d": structpb.NewStringValue("1b47061264138c4ac30d75fd1eb44270"),
			"value":                            property(t, &inner),
		}})
	}
	switch n.Kind {
	case yaml.MappingNode:
		s := &structpb.Struct{Fields: map[string]*structpb.Value{}}
		for i := 0; i < len(n.Content); i += 2 {
			s.Fields[n.Content[i].Value] = property(t, n.Content[i+1])
		}
		return structpb.NewStructValue(s)
	case yaml.SequenceNode:
		l := &structpb.ListValue{}
		for _, e := range n.Content {
			l.Values = append(l.Values, property(t, e))
		}
		return structpb.NewListValue(l)
	default:
		var v any
		if err := n.Decode(&v); err != nil {
			t.Fatal(err)
		}
		encoded, err := structpb.NewValue(v)
		if err != nil {
			t.Fatal(err)
		}
		return encoded
	}
}

// wire sends a message through its encoding.
func wire[M proto.Message](t *testing.T, m M) M {
	t.Helper()
	data, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	decoded := m.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(data, decoded); err != nil {
		t.Fatal(err)
	}
	return decoded.(M)
}
