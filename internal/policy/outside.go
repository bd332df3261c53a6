package policy

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"dynamoguard/internal/account"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/place"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/tables"
)

// Others are the tables of all stacks, as far as they can be told. To ask may take as long as the run may be kept waiting.
type Others interface {
	// Backend is that of the running stack, as tables.BackendOf returns it; empty where it is not known.
	Backend() string
	// Named returns the tables of a name, Own those of a stack of the running one's organization, as it was before the run.
	Named(name string) []tables.Entry
	Own(project, stack string) []tables.Entry
	// Matching returns the tables with names that match a pattern, in which * and ? are wildcards, of the stacks and places
	// that are in. That is asked before their tables are looked at, of an entry without a name.
	Matching(pattern string, in func(tables.Entry) bool) iter.Seq[tables.Entry]
	// Complete reports whether a table that is not known is one that no stack owns.
	Complete() bool
	// Unread says what was not read of what was asked for.
	Unread() []tables.Unread
}

// Outside is what lies around a run and is not part of its stack. Where there is nothing, nothing is known.
type Outside struct {
	Others Others
	AWS    *account.Sources
	// Current: of the stacks that are judged, Others tells how they are, and not how they were before a run.
	Current bool
}

// Around returns what the resource takes from around it where it does not say itself where it is.
func (p *Pass) Around() place.Around { return p.Frame.Around(p.Resource.URN) }

// Around returns what a resource takes from around it, by its URN.
func (f Frame) Around(urn resource.URN) place.Around {
	around := place.Around{
		Region:     f.Stack.Region(),
		AWS:        f.Outside.AWS,
		Configured: f.Config.Pack().AccountOf(f.Stack.Organization, urn.Project(), urn.Stack()),
	}
	around.Own = func() []tables.Entry { return f.Before(urn.Project(), urn.Stack()) }
	return around
}

// Before returns the tables that a stack owned before the run, or owns where its state is judged. Where no stack was configured
// there is no run, and it may be a state of any age that is judged: nothing is returned.
func (f Frame) Before(project, stack string) []tables.Entry {
	if f.Outside.Others == nil || !f.Stack.Known && !f.Outside.Current {
		return nil
	}
	return f.Outside.Others.Own(project, stack)
}

// Owner returns the stack of the resource, with the URNs that the resource has or had.
func (p *Pass) Owner() tables.Owner {
	urn := p.Resource.URN
	o := tables.Owner{Organization: p.Stack.Organization, Project: urn.Project(), Stack: urn.Stack(), URNs: []string{string(urn)}}
	if p.Outside.Others != nil {
		o.Backend = p.Outside.Others.Backend()
	}
	for _, alias := range p.Resource.Options.Aliases {
		o.URNs = append(o.URNs, string(alias))
	}
	return o
}

// NoSource is the index.source of who wants no tables of other stacks.
const NoSource = "none"

// IndexSettings say where the tables of other stacks are read from, and what it means where they cannot be. Source is a
// path, an https URL or NoSource. HeaderFromEnv holds the names of environment variables by those of headers.
type IndexSettings struct {
	Source        string            `json:"source" form:"source"`
	SHA256        string            `json:"sha256" form:"sha256"`
	PublicKey     string            `json:"publicKey" form:"public key"`
	HeaderFromEnv map[string]string `json:"headerFromEnv" keys:"header" form:"variable"`
	MaxAgeDays    int               `json:"maxAgeDays" min:"1" max:"3650"`
	BudgetSeconds int               `json:"budgetSeconds" min:"1" max:"120"`
	Required      bool              `json:"required"`
	AllowUnread   []string          `json:"allowUnread" form:"stacks"`
}

// Check refuses what is about an index where there is none.
func (s IndexSettings) Check(fail func(path, format string, args ...any)) {
	isURL := strings.HasPrefix(s.Source, "https:")
	for _, setting := range []struct {
		name     string
		set, can bool
		needs    string
	}{
		{"sha256", s.SHA256 != "", s.Source != "" && s.Source != NoSource, "is of an index, and source names none"},
		{"publicKey", s.PublicKey != "", s.Source != "" && s.Source != NoSource, "is of an index, and source names none"},
		{"headerFromEnv", len(s.HeaderFromEnv) > 0, isURL, "is sent to an https URL, and source is none"},
		{"required", s.Required, s.Source != NoSource, "cannot be had with the source none"},
	} {
		if setting.set && !setting.can {
			fail(setting.name, "%s", setting.needs)
		}
	}
	first := map[string]string{}
	for _, header := range slices.Sorted(maps.Keys(s.HeaderFromEnv)) {
		canonical := strings.ToLower(header)
		if other, twice := first[canonical]; twice {
			fail("headerFromEnv."+header, "is the same header as %s", other)
		}
		first[canonical] = header
	}
}

// MayBeUnread reports whether a stack is one that may be missing, given as organization/project/stack or as much of that as is
// known.
func (s IndexSettings) MayBeUnread(stack string) bool {
	_, withoutOrganization, _ := strings.Cut(stack, "/")
	return slices.ContainsFunc(s.AllowUnread, func(pattern string) bool {
		return glob.Match(pattern, stack) || strings.Contains(withoutOrganization, "/") && glob.Match(pattern, withoutOrganization)
	})
}

// A StackAccount is the account that stacks deploy to.
type StackAccount struct {
	Stacks  string `json:"stacks" required:"" form:"stacks"`
	Account string `json:"account" required:"" form:"account"`
}

// Check refuses entries that never count, since the first that matches a stack does, where that makes a difference: two for the same
// stacks, and one that says another thing than what covers it.
func (s PackSettings) Check(fail func(path, format string, args ...any)) {
	type entry struct{ stacks, value string }
	once := func(name string, entries []entry) {
		for i, e := range entries {
			for j, earlier := range entries[:i] {
				if covers(earlier.stacks, e.stacks) && (earlier.stacks == e.stacks || earlier.value != e.value) {
					fail(fmt.Sprintf("%s[%d].stacks", name, i), "never counts: %s[%d].stacks matches all that it does", name, j)
					break
				}
			}
		}
	}
	var accounts, environments []entry
	for _, a := range s.Accounts {
		accounts = append(accounts, entry{a.Stacks, a.Account})
	}
	for _, e := range s.Environments {
		environments = append(environments, entry{e.Stacks, environmentNamed(e.Environment)})
	}
	once("accounts", accounts)
	once("environments", environments)
}

// covers reports whether a pattern matches all that another one does, as far as that shows: where it matches the other one's
// letters, stars among them, which only a star is sure to do.
func covers(pattern, other string) bool {
	return pattern == other || !strings.Contains(pattern, "?") && glob.Match(pattern, other)
}

// AccountOf returns the configured account of a stack, empty where there is none. The first match counts.
func (s PackSettings) AccountOf(organization, project, stack string) string {
	for _, a := range s.Accounts {
		if matchesStack(a.Stacks, organization, project, stack) {
			return a.Account
		}
	}
	return ""
}

func matchesStack(pattern, organization, project, stack string) bool {
	name := project + "/" + stack
	return glob.Match(pattern, name) || glob.Match(pattern, cmp.Or(organization, tables.NoOrganization)+"/"+name)
}

// Located is an entry with the account that the configuration names for its stack, where its state does not.
func (s PackSettings) Located(e tables.Entry) tables.Entry {
	if e.Account == "" {
		e.Account = s.AccountOf(e.Organization, e.Project, e.Stack)
	}
	return e
}
