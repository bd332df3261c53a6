package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/resource"
)

// An Exemption is a written, owned, expiring permission to fail a policy. It has one of Resource and Tag.
type Exemption struct {
	Resource string `json:"resource" form:"resources"`
	Tag      string `json:"tag" form:"tag"`
	Reason   string `json:"reason" required:""`
	Owner    string `json:"owner" required:""`
	Expires  string `json:"expires" required:"" form:"day"`
	Ticket   string `json:"ticket" form:"any"`
}

// Covers reports whether the exemption is for a resource, expired or not.
func (e Exemption) Covers(r *resource.Resource) bool { return matches(e.Resource, e.Tag, r) }

// Check refuses one that is for no resource, or says so in two ways.
func (e Exemption) Check(fail func(path, format string, args ...any)) {
	checkOne(e.Resource, e.Tag, fail)
}

// A Scope is what the organization says that a policy is not about, such as tables that are tagged as caches. It has one of Resource
// and Tag.
type Scope struct {
	Resource string `json:"resource" form:"resources"`
	Tag      string `json:"tag" form:"tag"`
	Reason   string `json:"reason" required:""`
}

// Covers reports whether a resource is out of scope.
func (s Scope) Covers(r *resource.Resource) bool { return matches(s.Resource, s.Tag, r) }

// Check refuses one that is about no resource, or says so in two ways.
func (s Scope) Check(fail func(path, format string, args ...any)) { checkOne(s.Resource, s.Tag, fail) }

// checkOne refuses an entry that names resources in two ways, or in none.
func checkOne(pattern, tag string, fail func(path, format string, args ...any)) {
	if (pattern == "") == (tag == "") {
		fail("resource", "or tag is required, one of the two")
	}
}

// matches reports whether an entry is for a resource: by the pattern of its name, or by that of a tag.
func matches(pattern, tag string, r *resource.Resource) bool {
	if tag != "" {
		return facts.Tagged(r, tag)
	}
	return names(pattern, r.URN)
}

// names reports whether a pattern of the configuration is for a resource: by URN or by logical name.
func names(pattern string, urn resource.URN) bool {
	return glob.Match(pattern, string(urn)) || glob.Match(pattern, urn.Name())
}

// IsBoundary reports whether a resource is a managed policy that counts as a permission boundary. No other document can be one:
// IAM takes a boundary by the ARN of a managed policy. One that names whom it is attached to is a grant, whatever it is called. Letters
// of either case are alike, as in the names of IAM's policies.
//
// A pattern is about the logical name, and only one with :: about the URN: the name of a stack or a project that happens to
// match would make boundaries of all its policies.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func (s PackSettings) IsBoundary(r *resource.Resource) bool {
	return facts.IsManagedPolicy(r) && !facts.IsAttached(r) &&
		slices.ContainsFunc(s.Boundaries, func(pattern string) bool {
			return glob.MatchFold(pattern, r.URN.Name()) || strings.Contains(pattern, "::") && glob.MatchFold(pattern, string(r.URN))
		})
}

// Expired reports whether the exemption no longer holds.
func (e Exemption) Expired(now time.Time) bool {
	end, err := e.End()
	return err != nil || !now.Before(end)
}

// End is the instant at which the exemption ends.
func (e Exemption) End() (time.Time, error) {
	if day, err := time.Parse(time.DateOnly, e.Expires); err == nil {
		return day.AddDate(0, 0, 1), nil
	}
	if instant, err := time.Parse(time.RFC3339, e.Expires); err == nil {
		return instant, nil
	}
	return time.Time{}, errors.New("no date")
}

// String writes the exemption as a message shows it.
func (e Exemption) String() string {
	s := fmt.Sprintf("%s (owner %s, expires %s", e.Reason, e.Owner, e.Expires)
	if e.Ticket != "" {
		s += ", " + e.Ticket
	}
	return s + ")"
}
