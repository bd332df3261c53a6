// Package policy says what a policy is: a value that describes a rule, and a function that judges a resource by it.
package policy

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// A Level is what a finding does to a run: nothing, a warning, or a stop. Remediate is a stop as well, but for what the policy mends by
// changing the inputs of the resource, see Policy.Mends.
type Level uint8

const (
	Disabled Level = iota
	Advisory
	Mandatory
	Remediate
)

func (l Level) String() string {
	return [...]string{"disabled", "advisory", "mandatory", "remediate"}[l]
}

// A Severity is how bad a finding is. Unlike the level it is the policy's own and no configuration changes it.
type Severity uint8

const (
	Low Severity = iota
	Medium
	High
)

func (s Severity) String() string { return [...]string{"low", "medium", "high"}[s] }

// A Policy is one rule. Its description is written once, here: what the engine is told, the documentation and the
// messages all come from it.
type Policy struct {
	Name        string // kebab-case, stable once published
	Title       string // a short sentence that holds where the policy passes
	Doc         string // what it reports and what it leaves out; white space in it is as good as a blank
	Remediation string // what to do about a finding
	URL         string // the documentation of the service that the rule rests on
	Severity    Severity
	Level       Level // where configuration says nothing
	Criteria    []soc2.ID
	NoCriteria  string // why it is evidence for no criterion, where there is none

	Why string // what comes of a violation, in a sentence

	// Silent are the false alarms that were considered: what one might expect it to report, and why it does not.
	Silent [][2]string

	// Before and After are the inputs, in YAML, of a resource that violates the policy and of one that does not. A test finds
	// both among the fixtures.
	Before, After string

	// Reads returns the types the policy judges and the patterns of the properties it reads of each. A test holds it to
	// what is really read, and another to the typed SDK. It is nil where there is nothing but Notices.
	Reads func() map[string][]string

	// Config is a struct with the defaults of the policy's own properties, nil where it has none; Settings says of each
	// what it means, by its path: index.source, accounts[].stacks.
	Config   any
	Settings map[string]string

	// Mends is what the policy changes where its level is Remediate, in a sentence: the edits of its findings. Where it is empty, that
	// level is Mandatory. What replaces a running resource is not among them, since nobody tells whether the resource is there, nor is
	// a policy document.
	Mends string

	// Gathered: what it finds of resources and stops nothing is said at the end of the stack, in one diagnostic.
	Gathered bool

	// CheckResource judges a resource by its inputs, CheckStack a stack at the end of a run, by its outputs; Notices is what to tell
	// the stack about the run itself, asked last of all. One of them is set, or the first two: then what CheckResource finds of a
	// resource is final, and CheckStack judges the others once more, by what only the whole stack shows.
	CheckResource func(*Pass)
	CheckStack    func(*StackPass)
	Notices       func(*Run) []Notice
}

// Description is Doc in one line.
func (p *Policy) Description() string { return strings.Join(strings.Fields(p.Doc), " ") }

// Mending is Mends in one line.
func (p *Policy) Mending() string { return strings.Join(strings.Fields(p.Mends), " ") }

// Validate returns what is wrong with a set of policies, for a test to fail on.
func Validate(policies []*Policy) error {
	validName := regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)
	var errs []error
	seen := map[string]bool{}
	for _, p := range policies {
		fail := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("%s: "+format, append([]any{p.Name}, args...)...))
		}
		switch {
		case !validName.MatchString(p.Name):
			fail("the name is not in kebab-case")
		case p.Name == AllPolicies:
			fail("the name is reserved by the engine")
		case seen[p.Name]:
			fail("the name is taken")
		}
		seen[p.Name] = true
		for _, field := range [][2]string{
			{"Title", p.Title}, {"Doc", p.Doc}, {"Why", p.Why}, {"Remediation", p.Remediation}, {"URL", p.URL}, {"Before", p.Before}, {"After", p.After},
		} {
			if field[1] == "" {
				fail("%s is empty", field[0])
			}
		}
		if (p.CheckResource != nil || p.CheckStack != nil) == (p.Notices != nil) {
			fail("one of CheckResource, CheckStack and Notices must be set, or the first two")
		}
		if p.Mends != "" && p.CheckResource == nil {
			fail("Mends is of a policy that does not judge inputs")
		}
		if len(p.Silent) == 0 {
			fail("Silent names no false alarm that was considered")
		}
		if p.Notices == nil && (p.Reads == nil || len(p.Reads()) == 0) {
			fail("it reads nothing")
		}
		described := maps.Clone(p.Settings)
		for _, path := range p.settingPaths() {
			if described[path] == "" {
				fail("Settings does not describe %s", path)
			}
			delete(described, path)
		}
		for _, path := range slices.Sorted(maps.Keys(described)) {
			fail("Settings describes %s, which Config does not have", path)
		}
		if (len(p.Criteria) == 0) != (p.NoCriteria != "") {
			fail("it has either Criteria or NoCriteria")
		}
		for _, id := range p.Criteria {
			if _, ok := soc2.Lookup(id); !ok {
				fail("%s is not a known criterion", id)
			}
		}
	}
	return errors.Join(errs...)
}

// StackContext is what the engine says of the running stack. Before ConfigureStack, or without one, Known is false.
type StackContext struct {
	Known        bool
	Preview      bool
	Organization string
	Project      string
	Name         string
	Config       map[string]resource.Value // by full key, such as aws:region; secrets marked
}

// Region returns the stack's aws:region, absent where it has none.
func (s *StackContext) Region() resource.Value { return s.Config["aws:region"] }
