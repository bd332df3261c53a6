// Package policy says what a policy is: a value that describes a rule, and a function that judges a resource by it.
package policy

import (
	"errors"
	"fmt"
	"regexp"

	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// A Level is what a finding does to a run: nothing, a warning, or a stop.
type Level uint8

const (
	Disabled Level = iota
	Advisory
	Mandatory
)

func (l Level) String() string { return [...]string{"disabled", "advisory", "mandatory"}[l] }

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
	Doc         string // what it reports and what it leaves out
	Remediation string // what to do about a finding
	URL         string // the documentation of the service that the rule rests on
	Severity    Severity
	Level       Level // where configuration says nothing
	Criteria    []soc2.ID

	// Reads holds the types the policy judges and the patterns of the properties it reads of each. A test holds it to
	// what is really read, and another to the typed SDK.
	Reads map[string][]string

	// Config is a struct with the defaults of the policy's own properties, nil where it has none.
	Config any

	// Exactly one of these is set.
	CheckResource func(*Pass)
	CheckStack    func(*StackPass)
}

var validName = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

// Validate returns what is wrong with a set of policies, for a test to fail on.
func Validate(policies []*Policy) error {
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
		for field, text := range map[string]string{
			"Title": p.Title, "Doc": p.Doc, "Remediation": p.Remediation, "URL": p.URL,
		} {
			if text == "" {
				fail("%s is empty", field)
			}
		}
		if (p.CheckResource == nil) == (p.CheckStack == nil) {
			fail("one of CheckResource and CheckStack must be set")
		}
		if p.CheckResource != nil && len(p.Reads) == 0 {
			fail("it reads nothing")
		}
		for _, id := range p.Criteria {
			if _, ok := soc2.Lookup(id); !ok {
				fail("%s is not a known criterion", id)
			}
		}
	}
	return errors.Join(errs...)
}

// An Outcome is what a policy made of a resource.
type Outcome uint8

// Ordered by what outweighs what, should a resource hold several things to judge.
const (
	Passed Outcome = iota
	NotApplicable
	Unknown
	Errored
	Exempt
	Failed
)

func (o Outcome) String() string {
	return [...]string{"pass", "not-applicable", "unknown", "error", "exempt", "fail"}[o]
}

// A Finding is one violation.
type Finding struct {
	Message string
	// Limit caps the configured level: a finding that rests on something not known for certain is advisory at most.
	Limit Level
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
