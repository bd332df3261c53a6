package report

import (
	"fmt"
	"strings"
)

// FailOn is what makes a report one of a failure. The zero FailOn is nothing.
type FailOn struct {
	Mandatory bool // a finding that would stop a run
	Advisory  bool // any other finding
	Unknown   bool // something that could not be judged
}

// ParseFailOn reads what people write: mandatory, advisory, unknown, several of them, or none. What fails a run always counts, unless
// it is none.
func ParseFailOn(words []string) (FailOn, error) {
	on := FailOn{Mandatory: true}
	for _, word := range words {
		switch word {
		case "mandatory":
		case "advisory":
			on.Advisory = true
		case "unknown":
			on.Unknown = true
		case "none":
			if len(words) > 1 {
				return FailOn{}, fmt.Errorf("none stands alone, and there is %s as well", strings.Join(words, ", "))
			}
			return FailOn{}, nil
		default:
			return FailOn{}, fmt.Errorf("%q is not one of mandatory, advisory, unknown, none", word)
		}
	}
	return on, nil
}

// Fails reports whether the report is one of a failure.
func (r *Report) Fails(on FailOn) bool {
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Open() && f.fails(on) {
			return true
		}
	}
	if on.Unknown {
		for i := range r.Policies {
			if c := &r.Policies[i].Counts; c.Unknown+c.Errored > 0 {
				return true
			}
		}
	}
	return false
}

// fails reports whether an open finding makes a report one of a failure.
func (f *Finding) fails(on FailOn) bool {
	return f.Mandatory() && on.Mandatory || !f.Mandatory() && on.Advisory
}
