package engine_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
)

const thing = "test:index:Thing"

// judges makes a policy of a check.
func judges(name string, check func(*policy.Pass)) *policy.Policy {
	return &policy.Policy{
		Name: name, Level: policy.Mandatory, Criteria: []soc2.ID{"CC6.1"},
		Reads: facts.TypeReads(thing, "on"), CheckResource: check,
	}
}

var (
	finds = judges("finds", func(p *policy.Pass) {
		p.Report(policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"})
	})
	reads  = judges("reads", func(p *policy.Pass) { p.Property("on").Bool() })
	panics = judges("panics", func(*policy.Pass) { panic("secret-in-a-panic") })
	unsure = judges("unsure", func(p *policy.Pass) {
		p.Report(policy.Finding{Path: "on", Wrong: "on may be false", Remedy: "look", Limit: policy.Advisory})
	})
	nothing = judges("nothing", func(p *policy.Pass) { p.NotApplicable("nothing here") })
	both    = judges("both", func(p *policy.Pass) {
		p.Report(policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"})
		p.Errorf("off is odd")
	})
	notices = &policy.Policy{
		Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.PackSettings{},
		Notices: func(run *policy.Run) (list []policy.Notice) {
			say := func(what string, j policy.Judgement) {
				list = append(list, policy.Notice{Text: what + " " + string(j.URN) + " " + j.Policy.Name})
			}
			for _, j := range run.Judgements {
				switch {
				case len(j.Unknown) > 0:
					say("unknown", j)
				case j.Outcome == policy.Exempt:
					say("exempted", j)
				case j.Exemption != nil:
					say("expired", j)
				}
			}
			return list
		},
	}
	all = []*policy.Policy{finds, reads, panics, unsure, nothing, both, notices}
)

func now() time.Time { return time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC) }

func urn(name string) resource.URN {
	return resource.URN("urn:pulumi:dev::shop::" + thing + "::" + name)
}

func res(name string, on resource.Value) *resource.Resource {
	return &resource.Resource{
		URN: urn(name), Type: thing, Name: name, Properties: resource.ObjectValue(map[string]resource.Value{"on": on}),
	}
}

// said is what a result comes to, for comparison.
type said struct{ Policy, Outcome, Reason, Diagnostics string }

func summary(judgements []policy.Judgement) []said {
	var list []said
	for _, j := range judgements {
		s := said{Policy: j.Policy.Name, Outcome: j.Outcome.String(), Reason: j.Reason}
		for _, d := range j.Diagnostics() {
			s.Diagnostics += d.Level.String() + " " + d.Message + "\n"
		}
		list = append(list, s)
	}
	return list
}

func TestOutcomes(t *testing.T) {
	const failed = "the policy itself failed (string): this is a bug in dynamoguard"
	want := []said{
		{"finds", "fail", "", "mandatory on is false; set it to true. SOC 2: CC6.1\n"},
		{"reads", "unknown", "on not known yet", ""},
		{"panics", "error", failed, "advisory could not be judged: " + failed + "\n"},
		{"unsure", "fail", "", "advisory on may be false; look. SOC 2: CC6.1\n"},
		{"nothing", "not-applicable", "nothing here", ""},
		{"both", "fail", "", "mandatory on is false; set it to true. SOC 2: CC6.1\nadvisory could not be judged: off is odd\n"},
	}
	e := engine.New(all, now)
	if diff := cmp.Diff(want, summary(e.Analyze(res("a", resource.UnknownValue())))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	other := res("b", resource.BoolValue(true))
	other.Type = "test:index:Other"
	for _, s := range summary(e.Analyze(other)) {
		if want := (said{s.Policy, "not-applicable", "does not judge test:index:Other", ""}); s != want {
			t.Errorf("another type: got %+v, want %+v", s, want)
		}
	}
}

// TestReads: what is read of a type is what any policy reads of it, by the names of the resource's own properties, and the tags, which
// the configuration may ask for.
func TestReads(t *testing.T) {
	list := judges("list", func(*policy.Pass) {})
	list.Reads = facts.Reads(facts.TypeReads(thing, "list", "list[].name", "block.of"), facts.TypeReads("test:index:Empty"))
	e := engine.New([]*policy.Policy{reads, list}, now)
	for typ, want := range map[string]map[string]bool{
		thing: {"on": true, "list": true, "block": true, "tags": true}, "test:index:Empty": {"tags": true}, "test:index:Other": nil,
	} {
		if diff := cmp.Diff(want, e.Reads(typ)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", typ, diff)
		}
	}
}

// TestMemory: judging a resource again replaces what is remembered, and order is that of the first time.
func TestMemory(t *testing.T) {
	e := engine.New(all, now)
	e.Analyze(res("a", resource.UnknownValue()))
	e.Analyze(res("b", resource.UnknownValue()))
	e.Analyze(res("c", resource.UnknownValue()))
	e.Analyze(res("a", resource.UnknownValue()))
	e.Analyze(res("b", resource.BoolValue(true)))
	var got []string
	_, notices := e.AnalyzeStack([]*resource.Resource{res("a", resource.Value{})})
	for _, n := range notices {
		got = append(got, string(n.URN)+" "+n.Text)
	}
	const root = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev unknown "
	want := []string{root + string(urn("a")) + " reads", root + string(urn("c")) + " reads"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestExemptions(t *testing.T) {
	e := engine.New(all, now)
	exemption := func(name, expires string) resource.Value {
		s := resource.StringValue
		return resource.ObjectValue(map[string]resource.Value{
			"resource": s(name), "reason": s("r"), "owner": s("o"), "expires": s(expires),
		})
	}
	err := e.Configure(map[string]policy.Given{policy.PackPolicy: {
		Level: policy.Advisory,
		Properties: resource.ObjectValue(map[string]resource.Value{"exemptions": resource.ArrayValue([]resource.Value{
			exemption("a", "2026-11-22"), exemption("b", "2026-11-21"),
		})}),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []said{
		{"finds", "exempt", "exempt: r (owner o, expires 2026-11-22)", ""},
		{"reads", "pass", "", ""},
	}
	if diff := cmp.Diff(want, summary(e.Analyze(res("a", resource.BoolValue(true))))[:2]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := e.Analyze(res("b", resource.BoolValue(true)))[0].Outcome; got != policy.Failed {
		t.Errorf("an expired exemption: %v", got)
	}
	var got []string
	_, notices := e.AnalyzeStack(nil)
	for _, n := range notices {
		got = append(got, n.Text)
	}
	if diff := cmp.Diff([]string{
		"exempted " + string(urn("a")) + " finds", "exempted " + string(urn("a")) + " unsure", "exempted " + string(urn("a")) + " both",
		"expired " + string(urn("b")) + " finds", "expired " + string(urn("b")) + " unsure", "expired " + string(urn("b")) + " both",
	}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRefusedConfiguration: what held before still holds.
func TestRefusedConfiguration(t *testing.T) {
	e := engine.New(all, now)
	if err := e.Configure(map[string]policy.Given{"finds": {Level: policy.Disabled}}); err != nil {
		t.Fatal(err)
	}
	bad := resource.ObjectValue(map[string]resource.Value{"unknwon": resource.StringValue("ignore")})
	if err := e.Configure(map[string]policy.Given{"finds": {Level: policy.Mandatory, Properties: bad}}); err == nil {
		t.Fatal("a misspelt property was accepted")
	}
	got := summary(e.Analyze(res("a", resource.BoolValue(true))))[0]
	if want := (said{"finds", "not-applicable", "disabled by configuration", ""}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// TestConcurrentUse is for the race detector.
func TestConcurrentUse(t *testing.T) {
	e := engine.New(all, now)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				e.Analyze(res("a", resource.UnknownValue()))
				_ = e.Configure(nil)
				e.ConfigureStack(policy.StackContext{Preview: true})
				e.AnalyzeStack(nil)
			}
		})
	}
	wg.Wait()
}

// silent are other stacks without a table.
type silent struct{ loaded policy.IndexSettings }

func (silent) Backend() string                { return "" }
func (silent) Named(string) []tables.Entry    { return nil }
func (silent) Own(_, _ string) []tables.Entry { return nil }
func (silent) Complete() bool                 { return true }
func (silent) Matching(string, func(tables.Entry) bool) iter.Seq[tables.Entry] {
	return slices.Values([]tables.Entry(nil))
}
func (s silent) Unread() []tables.Unread {
	return []tables.Unread{{Reason: "the index " + s.loaded.Source}}
}

// TestLoad: the tables of other stacks begin to be read with the first resource, with all that is configured by then, whether
// or not a stack is: policy analyze configures none.
func TestLoad(t *testing.T) {
	unread := &policy.Policy{
		Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.DefaultPackSettings(),
		Notices: func(*policy.Run) []policy.Notice { return nil },
	}
	for _, c := range []struct {
		name            string
		do              []string
		loaded, stopped []string
	}{
		{"as the engine does", []string{"stack", "configure /early.json", "resource", "resource"}, []string{"dev /early.json"}, nil},
		{"policy analyze", []string{"configure /early.json", "resource", "resource"}, []string{" /early.json"}, nil},
		{"nothing configured", []string{"stack", "resource"}, []string{"dev "}, nil},
		{"nothing is asked", []string{"stack", "configure /early.json"}, nil, nil},
		{"in another order", []string{"resource", "stack", "resource", "configure /late.json", "resource"},
			[]string{" ", "dev ", "dev /late.json"}, []string{" ", "dev "}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var loaded, stopped []string
			e := engine.New([]*policy.Policy{unread}, now).In(engine.World{
				Load: func(s policy.IndexSettings, stack policy.StackContext) (policy.Others, func()) {
					loaded = append(loaded, stack.Name+" "+s.Source)
					return silent{s}, func() { stopped = append(stopped, stack.Name+" "+s.Source) }
				},
			})
			for _, do := range c.do {
				switch name, source, _ := strings.Cut(do, " "); name {
				case "stack":
					e.ConfigureStack(policy.StackContext{Known: true, Organization: "acme", Project: "shop", Name: "dev"})
				case "resource":
					e.Analyze(res("a", resource.BoolValue(true)))
				default:
					index := resource.ObjectValue(map[string]resource.Value{"source": resource.StringValue(source)})
					if err := e.Configure(map[string]policy.Given{policy.PackPolicy: {
						Level: policy.Advisory, Properties: resource.ObjectValue(map[string]resource.Value{"index": index}),
					}}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if diff := cmp.Diff(c.loaded, loaded); diff != "" {
				t.Errorf("loaded (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.stopped, stopped); diff != "" {
				t.Errorf("stopped (-want +got):\n%s", diff)
			}
		})
	}
}

// onStack makes a stack policy of a check.
func onStack(name string, check func(*policy.StackPass)) *policy.Policy {
	return &policy.Policy{
		Name: name, Level: policy.Mandatory, Criteria: []soc2.ID{"CC6.1"}, Reads: facts.TypeReads(thing, "on"), CheckStack: check,
	}
}

// TestStackOutcomes: a stack policy judges each resource as a resource policy does, with one judgement of each.
func TestStackOutcomes(t *testing.T) {
	const failed = "the policy itself failed (string): this is a bug in dynamoguard"
	a, b := urn("a"), urn("b")
	finding := policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"}
	for _, c := range []struct {
		name  string
		check func(*policy.StackPass)
		want  []string
	}{
		{"it reports, passes and says nothing of the third", func(p *policy.StackPass) {
			p.On(a).Report(finding)
			p.On(b)
		}, []string{
			"a: fail  mandatory on is false; set it to true. SOC 2: CC6.1", "b: pass ",
		}},
		{"a finding that is not certain", func(p *policy.StackPass) {
			p.On(a).Report(policy.Finding{Wrong: "on may be false", Remedy: "look", Limit: policy.Advisory})
		}, []string{"a: fail  advisory on may be false; look. SOC 2: CC6.1"}},
		{"what is not known, noted once", func(p *policy.StackPass) {
			p.On(a).Property("on").Bool()
			p.On(a).Property("on").Bool()
		}, []string{"a: unknown on not known yet"}},
		{"one that waits for another", func(p *policy.StackPass) {
			p.Awaits(b, facts.Place{URN: a, Path: "on"})
			p.Awaits(a, facts.Place{URN: a, Path: "on"})
		}, []string{"a: unknown on not known yet", `b: unknown on of test:index:Thing "a" not known yet`}},
		{"an error outweighs what is not known, a finding both", func(p *policy.StackPass) {
			for _, of := range []resource.URN{a, b} {
				p.On(of).Errorf("off is odd")
				p.On(of).Log.NoteUnknown("on")
			}
			p.On(b).Report(finding)
		}, []string{
			"a: error off is odd advisory could not be judged: off is odd",
			"b: fail  mandatory on is false; set it to true. SOC 2: CC6.1 advisory could not be judged: off is odd",
		}},
		{"a property of another type", func(p *policy.StackPass) { p.On(b).Property("on").Text() },
			[]string{"b: error on is a boolean, not a string advisory could not be judged: on is a boolean, not a string"}},
		{"not applicable", func(p *policy.StackPass) { p.On(a).NotApplicable("nothing here") }, []string{"a: not-applicable nothing here"}},
		{"not applicable to the stack, beside what is said", func(p *policy.StackPass) {
			p.On(b)
			p.NotApplicable("nothing here")
		}, []string{"b: not-applicable nothing here", "shop-dev: not-applicable nothing here"}},
		{"nothing", func(*policy.StackPass) {}, []string{"shop-dev: not-applicable the stack has nothing that it judges"}},
		{"a panic", func(*policy.StackPass) { panic("secret-in-a-panic") },
			[]string{"shop-dev: error " + failed + " advisory could not be judged: " + failed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engine.New([]*policy.Policy{onStack("stack", c.check), notices}, now)
			e.ConfigureStack(policy.StackContext{Known: true, Project: "shop", Name: "dev"})
			resources := []*resource.Resource{res("a", resource.UnknownValue()), res("b", resource.BoolValue(true)), res("c", resource.BoolValue(true))}
			judgements, _ := e.AnalyzeStack(resources)
			var got []string
			for _, j := range judgements[:len(judgements)-1] {
				s := j.URN.Name() + ": " + j.Outcome.String() + " " + j.Reason
				for _, d := range j.Diagnostics() {
					s += " " + d.Level.String() + " " + d.Message
				}
				got = append(got, s)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestBothChecks: what a policy finds of a resource is final, and at the end of the stack it judges the others once more.
func TestBothChecks(t *testing.T) {
	finding := policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"}
	for _, c := range []struct {
		name  string
		stack func(*policy.StackPass)
		end   []string // what is said then
		all   []string // what is remembered
	}{
		{"it judges all", func(p *policy.StackPass) {
			for _, name := range []string{"a", "b", "c"} {
				p.On(urn(name)).Report(finding)
			}
		}, []string{"b: fail", "c: fail"}, []string{"a: fail", "b: fail", "c: fail"}},
		{"it passes one", func(p *policy.StackPass) { p.On(urn("a")); p.On(urn("b")) },
			[]string{"b: pass"}, []string{"a: fail", "b: pass", "c: not-applicable"}},
		{"it has nothing to judge", func(*policy.StackPass) {}, nil, []string{"a: fail", "b: not-applicable", "c: not-applicable"}},
		{"it panics", func(*policy.StackPass) { panic("secret-in-a-panic") },
			[]string{"shop-dev: error"}, []string{"a: fail", "b: not-applicable", "c: not-applicable", "shop-dev: error"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := judges("two", func(p *policy.Pass) {
				if p.Resource.Name == "a" {
					p.Report(finding)
				}
				p.NotApplicable("the stack decides")
			})
			p.CheckStack = c.stack
			e := engine.New([]*policy.Policy{p}, now)
			e.ConfigureStack(policy.StackContext{Known: true, Project: "shop", Name: "dev"})
			resources := []*resource.Resource{
				res("a", resource.BoolValue(false)), res("b", resource.BoolValue(false)), res("c", resource.BoolValue(false)),
			}
			for _, r := range resources {
				e.Analyze(r)
			}
			short := func(judgements []policy.Judgement) (list []string) {
				for _, j := range judgements {
					list = append(list, j.URN.Name()+": "+j.Outcome.String())
				}
				return list
			}
			end, _ := e.AnalyzeStack(resources)
			if diff := cmp.Diff(c.end, short(end)); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.all, short(e.Judgements())); diff != "" {
				t.Errorf("remembered (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStackExemption: a finding at the end of the stack is exempted, and told, like any other, wherever the policy of the
// notices stands among the others.
func TestStackExemption(t *testing.T) {
	late := onStack("late", func(p *policy.StackPass) {
		for _, name := range []string{"a", "b", "c"} {
			p.On(urn(name)).Report(policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"})
		}
	})
	exemption := func(name, expires string) resource.Value {
		s := resource.StringValue
		return resource.ObjectValue(map[string]resource.Value{
			"resource": s(name), "reason": s("r"), "owner": s("o"), "expires": s(expires),
		})
	}
	e := engine.New([]*policy.Policy{notices, late}, now)
	if err := e.Configure(map[string]policy.Given{"late": {
		Level: policy.Mandatory,
		Properties: resource.ObjectValue(map[string]resource.Value{"exemptions": resource.ArrayValue([]resource.Value{
			exemption("?", "2026-11-21"), exemption("a", "2026-11-22"), exemption("b", "2026-11-20"),
		})}),
	}}); err != nil {
		t.Fatal(err)
	}
	judgements, told := e.AnalyzeStack([]*resource.Resource{res("a", resource.Value{}), res("b", resource.Value{}), res("c", resource.Value{})})
	finding := func(name string) []policy.Finding {
		return []policy.Finding{{URN: urn(name), Path: "on", Wrong: "on is false", Remedy: "set it to true", Group: "set it to true"}}
	}
	expired := &policy.Exemption{Resource: "?", Reason: "r", Owner: "o", Expires: "2026-11-21"}
	want := []policy.Judgement{
		{
			Policy: late, URN: urn("a"), Outcome: policy.Exempt, Level: policy.Mandatory, Findings: finding("a"),
			Reason:    "exempt: r (owner o, expires 2026-11-22)",
			Exemption: &policy.Exemption{Resource: "a", Reason: "r", Owner: "o", Expires: "2026-11-22"},
		},
		{Policy: late, URN: urn("b"), Outcome: policy.Failed, Level: policy.Mandatory, Findings: finding("b"), Exemption: expired},
		{Policy: late, URN: urn("c"), Outcome: policy.Failed, Level: policy.Mandatory, Findings: finding("c"), Exemption: expired},
	}
	samePolicy := cmp.Comparer(func(a, b *policy.Policy) bool { return a == b })
	if diff := cmp.Diff(want, judgements[:3], samePolicy); diff != "" {
		t.Errorf("judgements (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, e.Judgements(), samePolicy); diff != "" {
		t.Errorf("remembered (-want +got):\n%s", diff)
	}
	var messages []string
	for _, n := range told {
		messages = append(messages, n.Text)
	}
	if diff := cmp.Diff([]string{
		"exempted " + string(urn("a")) + " late", "expired " + string(urn("b")) + " late", "expired " + string(urn("c")) + " late",
	}, messages); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestGathered: what a gathered policy finds, and stops nothing, is said at the end of the stack, of each resource once. What stops
// the run is said of the resource, before it is created.
func TestGathered(t *testing.T) {
	gathers := judges("gathers", func(p *policy.Pass) {
		if on, ok := p.Property("on").Bool(); ok && !on {
			p.Report(policy.Finding{Path: "on", Wrong: "on is false", Remedy: "set it to true"})
			p.Errorf("off is odd")
		}
	})
	gathers.Gathered = true
	for _, c := range []struct {
		level  policy.Level
		atOnce []string // of each resource
		atEnd  []string
	}{
		{policy.Advisory, []string{"a not-applicable: said once for the whole stack, at its end: on is false", "b pass: ", "c not-applicable: said once for the whole stack, at its end: on is false"},
			[]string{"2 findings with one remedy, set it to true. SOC 2: CC6.1", "could not be judged: off is odd", "could not be judged: off is odd"}},
		{policy.Mandatory, []string{"a fail: ", "b pass: ", "c fail: "}, nil},
		{policy.Disabled, []string{"a not-applicable: disabled by configuration", "b not-applicable: disabled by configuration", "c not-applicable: disabled by configuration"}, nil},
	} {
		t.Run(c.level.String(), func(t *testing.T) {
			e := engine.New([]*policy.Policy{notices, gathers}, now)
			if err := e.Configure(map[string]policy.Given{"gathers": {Level: c.level}}); err != nil {
				t.Fatal(err)
			}
			var atOnce []string
			for _, r := range []*resource.Resource{
				res("a", resource.BoolValue(true)), res("a", resource.BoolValue(false)), res("b", resource.BoolValue(true)), res("c", resource.BoolValue(false)),
			} {
				for _, j := range e.Analyze(r) {
					atOnce = append(atOnce, fmt.Sprintf("%s %s: %s", j.URN.Name(), j.Outcome, j.Reason))
				}
			}
			if diff := cmp.Diff(c.atOnce, atOnce[1:]); diff != "" {
				t.Errorf("at once (-want +got):\n%s", diff)
			}
			judgements, _ := e.AnalyzeStack(nil)
			var atEnd []string
			for _, d := range policy.AtEnd(judgements) {
				atEnd = append(atEnd, d.Message)
			}
			if diff := cmp.Diff(c.atEnd, atEnd); diff != "" {
				t.Errorf("at the end (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownTwice: a stack that is judged twice has one finding of a value that is not known.
func TestUnknownTwice(t *testing.T) {
	e := engine.New([]*policy.Policy{notices, reads}, now)
	if err := e.Configure(map[string]policy.Given{"reads": {
		Level: policy.Mandatory, Properties: resource.ObjectValue(map[string]resource.Value{"unknown": resource.StringValue("mandatory")}),
	}}); err != nil {
		t.Fatal(err)
	}
	e.Analyze(res("a", resource.UnknownValue()))
	for range 2 {
		judgements, _ := e.AnalyzeStack([]*resource.Resource{res("a", resource.UnknownValue())})
		var got []string
		for _, d := range policy.AtEnd(judgements) {
			got = append(got, d.Message)
		}
		want := []string{"on is not known, so it could not be judged; give it a value that is known in preview. SOC 2: CC6.1"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

// TestRemembered: what judges the type of a resource is remembered, passes included, and in place of what was before.
func TestRemembered(t *testing.T) {
	e := engine.New(append([]*policy.Policy{onStack("stack", func(p *policy.StackPass) { p.On(urn("a")) })}, all...), now)
	e.Analyze(res("a", resource.BoolValue(true)))
	other := res("x", resource.BoolValue(true))
	other.Type = "test:index:Other"
	e.Analyze(other)
	e.Analyze(res("b", resource.UnknownValue()))
	e.Analyze(res("a", resource.UnknownValue()))
	e.AnalyzeStack(nil)
	e.AnalyzeStack(nil)
	var got []string
	for _, j := range e.Judgements() {
		if j.Policy == reads || j.Policy.Name == "stack" {
			got = append(got, j.URN.Name()+" "+j.Outcome.String())
		}
	}
	if diff := cmp.Diff([]string{"a unknown", "b unknown", "a pass"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := len(e.Judgements()); n != 13 {
		t.Errorf("%d judgements by 6 policies of 2 resources, and by one of the stack", n)
	}
}

// TestBoundaries: a permission boundary that is attached as a grant is judged with the attachment where its inputs tell what
// that attaches, with the boundary where that comes later, and else at the end of the stack, once.
func TestBoundaries(t *testing.T) {
	const arn = "arn:aws:iam::111122223333:policy/boundary"
	onGrants := &policy.Policy{
		Name: "grants", Level: policy.Mandatory, Criteria: []soc2.ID{"CC6.1"},
		Reads: facts.TypeReads(facts.ManagedPolicy, "policy"),
		CheckResource: func(p *policy.Pass) {
			if !p.IsBoundary() {
				p.Report(policy.Finding{Path: "policy", Wrong: "it grants", Remedy: "do not"})
			}
		},
	}
	told := &policy.Policy{
		Name: policy.PackPolicy, Level: policy.Advisory, Config: policy.DefaultPackSettings(),
		Notices: func(run *policy.Run) (list []policy.Notice) {
			for _, j := range run.Judgements {
				if j.Boundary {
					list = append(list, policy.Notice{Text: "left out " + j.URN.Name()})
				}
			}
			return list
		},
	}
	make := func(typ, name string, properties map[string]resource.Value) *resource.Resource {
		return &resource.Resource{
			URN: resource.URN("urn:pulumi:dev::shop::" + typ + "::" + name), Type: typ, Name: name, Properties: resource.ObjectValue(properties),
		}
	}
	boundary := func(name resource.Value, outputs ...string) *resource.Resource {
		properties := map[string]resource.Value{"name": name, "policy": resource.StringValue("{}")}
		for _, arn := range outputs {
			properties["arn"] = resource.StringValue(arn)
		}
		return make(facts.ManagedPolicy, "boundary", properties)
	}
	attachment := func(arn resource.Value) *resource.Resource {
		r := make(facts.RoleAttachment, "attachment", map[string]resource.Value{"role": resource.StringValue("app"), "policyArn": arn})
		r.PropertyDependencies = map[string][]resource.URN{"policyArn": {boundary(arn).URN}}
		return r
	}
	known, unknown := resource.StringValue("boundary"), resource.UnknownValue()
	knownARN := resource.StringValue(arn)
	const found = `aws:iam:RolePolicyAttachment "attachment" attaches aws:iam:Policy "boundary" as a grant: it grants; do not. SOC 2: CC6.1`
	for _, c := range []struct {
		name   string
		judged []*resource.Resource
		atEnd  []*resource.Resource
		want   []string
	}{
		{"nothing attaches it", []*resource.Resource{boundary(known)}, []*resource.Resource{boundary(known, arn)},
			[]string{"end: left out boundary"}},
		{"its ARN is known", []*resource.Resource{boundary(known), attachment(knownARN)},
			[]*resource.Resource{boundary(known, arn), attachment(knownARN)}, []string{"attachment: " + found}},
		{"it comes late", []*resource.Resource{attachment(knownARN), boundary(known)},
			[]*resource.Resource{boundary(known, arn), attachment(knownARN)}, []string{"boundary: " + found}},
		{"it comes again", []*resource.Resource{boundary(known), attachment(knownARN), boundary(known)},
			[]*resource.Resource{boundary(known, arn), attachment(knownARN)}, []string{"attachment: " + found, "boundary: " + found}},
		{"the attachment comes again, of another", []*resource.Resource{attachment(knownARN), attachment(resource.StringValue(arn + "-2")), boundary(known)},
			[]*resource.Resource{boundary(known, arn), attachment(resource.StringValue(arn + "-2"))}, []string{"end: left out boundary"}},
		{"its ARN is not known yet", []*resource.Resource{boundary(known), attachment(unknown)},
			[]*resource.Resource{boundary(known), attachment(unknown)}, []string{"end: boundary: " + found}},
		{"its name is an output", []*resource.Resource{boundary(unknown), attachment(knownARN)},
			[]*resource.Resource{boundary(unknown, arn), attachment(knownARN)}, []string{"end: boundary: " + found}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engine.New([]*policy.Policy{onGrants, told}, now)
			if err := e.Configure(map[string]policy.Given{policy.PackPolicy: {Level: policy.Advisory, Properties: resource.ObjectValue(
				map[string]resource.Value{"boundaries": resource.ArrayValue([]resource.Value{resource.StringValue("boundary")})})}}); err != nil {
				t.Fatal(err)
			}
			var got []string
			say := func(at string, judgements []policy.Judgement) {
				for _, j := range judgements {
					for _, d := range j.Diagnostics() {
						got = append(got, at+": "+d.Message)
					}
				}
			}
			for _, r := range c.judged {
				say(r.Name, e.Analyze(r))
			}
			for range 2 { // asked again, the end of the stack says the same
				got = slices.DeleteFunc(got, func(s string) bool { return strings.HasPrefix(s, "end: ") })
				judgements, notices := e.AnalyzeStack(c.atEnd)
				say("end: boundary", judgements)
				for _, n := range notices {
					got = append(got, "end: "+n.Text)
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestUnknownTogether: at the end of a stack the judgements of one policy stand together, also where something was not known.
func TestUnknownTogether(t *testing.T) {
	again := judges("again", reads.CheckResource)
	e := engine.New([]*policy.Policy{reads, again, notices}, now)
	if err := e.Configure(map[string]policy.Given{policy.PackPolicy: {Level: policy.Advisory, Properties: resource.ObjectValue(
		map[string]resource.Value{"unknown": resource.StringValue(policy.UnknownMandatory)})}}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		e.Analyze(res(name, resource.UnknownValue()))
	}
	judgements, _ := e.AnalyzeStack(nil)
	var got []string
	for _, j := range judgements {
		got = append(got, j.Policy.Name+" "+j.URN.Name()+" "+j.Outcome.String())
	}
	want := []string{"reads a fail", "reads b fail", "again a fail", "again b fail", "dynamoguard shop-dev pass"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestSharedJudgements: what is kept once for many resources is told of each, and a resource that is judged otherwise is told that.
func TestSharedJudgements(t *testing.T) {
	e := engine.New([]*policy.Policy{reads, nothing}, now)
	for _, name := range []string{"a", "b", "c"} {
		e.Analyze(res(name, resource.BoolValue(true)))
	}
	e.Analyze(res("b", resource.UnknownValue()))
	var got []string
	for _, j := range e.Judgements() {
		got = append(got, j.URN.Name()+" "+j.Policy.Name+" "+j.Outcome.String()+" "+j.Reason)
	}
	want := []string{
		"a reads pass ", "a nothing not-applicable nothing here", "b reads unknown on not known yet", "b nothing not-applicable nothing here",
		"c reads pass ", "c nothing not-applicable nothing here",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestReadsLater: what policies read is listed with the first resource, and not while the process starts.
func TestReadsLater(t *testing.T) {
	listed := 0
	p := judges("lists", func(*policy.Pass) {})
	reads := p.Reads
	p.Reads = func() map[string][]string {
		listed++
		return reads()
	}
	e := engine.New([]*policy.Policy{p}, time.Now)
	if listed > 0 {
		t.Error("it is listed before there is a resource")
	}
	for range 2 {
		if e.Reads(thing) == nil {
			t.Errorf("nothing is read of %s", thing)
		}
	}
	if listed != 1 {
		t.Errorf("it is listed %d times", listed)
	}
}
