package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"dynamoguard/internal/report"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// Exceptions are those of Pulumi's own that a configuration file of version 2 has. The engine applies them to what the pack has
// answered, and tells the pack nothing of them.
//
// Source: https://github.com/pulumi/pulumi/blob/master/pkg/resource/analyzer/exceptions.go
type exceptions []exception // in the order of their IDs

type exception struct {
	report.Exception
	match []exceptionMatch
}

// An exceptionMatch is for all of its policies at all of its targets.
type exceptionMatch struct {
	Policies []string       `json:"policies"`
	Targets  []resource.URN `json:"targets"`
}

var exceptionID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.-]+$`) })

// readExceptions reads them as the engine does. The error joins every mistake.
func readExceptions(given any) (list exceptions, err error) {
	if given == nil {
		return nil, nil
	}
	entries, ok := given.(map[string]any)
	if !ok {
		return nil, errors.New("exceptions is not an object of exceptions by their IDs")
	}
	var errs []error
	for _, id := range slices.SortedFunc(maps.Keys(entries), compareIDs) {
		e, err := readException(id, entries[id])
		if err != nil {
			errs = append(errs, fmt.Errorf("exceptions.%s: %w", id, err))
			continue
		}
		list = append(list, e)
	}
	return list, errors.Join(errs...)
}

func readException(id string, given any) (exception, error) {
	var written struct {
		Reason string           `json:"reason"`
		Match  []exceptionMatch `json:"match"`
	}
	if _, ok := given.(map[string]any); !ok {
		return exception{}, errors.New("is not an object")
	}
	encoded, err := json.Marshal(given)
	if err != nil {
		return exception{}, err
	}
	if err := json.Unmarshal(encoded, &written); err != nil {
		var mistyped *json.UnmarshalTypeError
		if errors.As(err, &mistyped) {
			return exception{}, fmt.Errorf("%s has the wrong type: %s", mistyped.Field, mistyped.Value)
		}
		return exception{}, err
	}
	switch {
	case !exceptionID().MatchString(id):
		return exception{}, errors.New("the ID has other characters than letters, digits, -, . and _")
	case strings.TrimSpace(written.Reason) == "":
		return exception{}, errors.New("reason is missing")
	case len(written.Match) == 0:
		return exception{}, errors.New("match has no policies and targets")
	}
	for i, m := range written.Match {
		fail := func(format string, args ...any) (exception, error) {
			return exception{}, fmt.Errorf("match[%d].%s", i, fmt.Sprintf(format, args...))
		}
		switch {
		case len(m.Policies) == 0:
			return fail("policies is empty")
		case slices.Contains(m.Policies, ""):
			return fail("policies has an empty name")
		case slices.Contains(m.Policies, "all"):
			return fail("policies names all, which Pulumi refuses: name each policy")
		case len(m.Targets) == 0:
			return fail("targets is empty")
		}
		for _, urn := range m.Targets {
			if !urn.Valid() {
				return fail("targets has %q, which is no URN", text.Short(string(urn)))
			}
		}
	}
	return exception{report.Exception{ID: id, Reason: written.Reason}, written.Match}, nil
}

// of returns the exceptions for what a policy says at a resource.
func (list exceptions) of(policy string, at resource.URN) (found []report.Exception) {
	for _, e := range list {
		if slices.ContainsFunc(e.match, func(m exceptionMatch) bool {
			return slices.Contains(m.Policies, policy) && slices.Contains(m.Targets, at)
		}) {
			found = append(found, e.Exception)
		}
	}
	return found
}

// policies are the names of the policies that the exceptions are for, in order.
func (list exceptions) policies() (names []string) {
	for _, e := range list {
		for _, m := range e.match {
			names = append(names, m.Policies...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

var runs = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[0-9]+|[^0-9]+`) })

// compareIDs compares runs of digits as numbers: EXC-2 comes before EXC-10.
func compareIDs(a, b string) int {
	of, with := runs().FindAllString(a, -1), runs().FindAllString(b, -1)
	for i := range min(len(of), len(with)) {
		x, y := strings.TrimLeft(of[i], "0"), strings.TrimLeft(with[i], "0")
		if isNumber(of[i]) && isNumber(with[i]) && len(x) != len(y) {
			return len(x) - len(y)
		}
		if !isNumber(of[i]) || !isNumber(with[i]) {
			x, y = of[i], with[i]
		}
		if c := strings.Compare(x, y); c != 0 {
			return c
		}
	}
	if len(of) != len(with) {
		return len(of) - len(with)
	}
	return strings.Compare(a, b)
}

func isNumber(run string) bool { return run[0] >= '0' && run[0] <= '9' }
