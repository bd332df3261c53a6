package engine_test

import (
	"fmt"
	"sync"
	"testing"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
)

// A standInSession issues stand-ins when it is asked.
type standInSession struct {
	mu     sync.Mutex
	issues [][]string // by call
	told   []engine.Counts
}

func (s *standInSession) Leads() bool { return true }

func (s *standInSession) StandIns() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.issues) == 0 {
		return nil
	}
	issued := s.issues[0]
	s.issues = s.issues[1:]
	return issued
}

func (s *standInSession) Judged(c engine.Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.told = append(s.told, c)
}

// odd finds every text.
var odd = judges("odd", func(p *policy.Pass) {
	if text, _ := p.Property("on").Text(); text != "" {
		p.Report(policy.Finding{Path: "on", Wrong: "on is odd", Remedy: "make it even"})
	}
})

// TestStandIns: what is found of a text that holds a stand-in is advisory, of any that was issued, however many there are; one that
// is too short to be made up by AWS is in no text.
func TestStandIns(t *testing.T) {
	many := []string{"", "of all"}
	for i := range 20_000 {
		many = append(many, fmt.Sprintf("<stand-in %d>", i))
	}
	e := engine.New([]*policy.Policy{odd}, now).In(engine.World{Session: &standInSession{issues: [][]string{{"<the first>"}, nil, many}}})
	const certain = "mandatory on is odd; make it even. SOC 2: CC6.1\n"
	const rests = "advisory on is odd; it rests on a stand-in for what AWS will make up; make it even. SOC 2: CC6.1\n"
	for _, c := range []struct{ text, want string }{
		{"of <stand-in 0>", certain}, // not yet
		{"of <the first>", rests},
		{"of <stand-in 0>", rests},
		{"of <the first>", rests},
		{"<stand-in 19999>", rests},
		{"of <stand-in 19998> as well", rests},
		{"of <stand-in 20000>", certain},
		{"of stand-in 19999>", certain},
		{"of all", certain},
	} {
		if got := summary(e.Analyze(res("a", resource.StringValue(c.text))))[0].Diagnostics; got != c.want {
			t.Errorf("%s: %s", c.text, got)
		}
	}
}

// TestStandInsRemembered: a policy sees a resource last as it is, and the session is asked for nothing where all passes.
func TestStandInsRemembered(t *testing.T) {
	var remembered string
	remembers := judges("remembers", func(p *policy.Pass) {
		remembered, _ = p.Property("on").Text()
		odd.CheckResource(p)
	})
	s := &standInSession{issues: [][]string{{"<stand-in>"}}}
	e := engine.New([]*policy.Policy{remembers}, now).In(engine.World{Session: s})
	e.Analyze(res("a", resource.StringValue("")))
	if len(s.issues) != 1 {
		t.Error("the session was asked for the stand-ins of what passes")
	}
	const text = "of <stand-in>"
	e.Analyze(res("a", resource.StringValue(text)))
	if remembered != text {
		t.Errorf("%q is remembered, not %q", remembered, text)
	}
}

// TestToldLast: whatever is judged at a time, what the session is told last is the whole.
func TestToldLast(t *testing.T) {
	s := &standInSession{issues: [][]string{{"<a>"}}}
	e := engine.New([]*policy.Policy{odd}, now).In(engine.World{Session: s})
	const resources = 100
	var judged sync.WaitGroup
	for i := range resources {
		judged.Go(func() { e.Analyze(res(fmt.Sprint(i), resource.StringValue("odd"))) })
	}
	judged.Wait()
	e.AnalyzeStack(nil)
	if got, want := s.told[len(s.told)-1], (engine.Counts{Violations: resources}); len(s.told) != 2 || got != want {
		t.Errorf("told %+v, want %+v at the end", s.told, want)
	}
}
