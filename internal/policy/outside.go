package policy

import (
	"cmp"

	"dynamoguard/internal/account"
	"dynamoguard/internal/glob"
	"dynamoguard/internal/place"
	"dynamoguard/internal/tables"
)

// Others are the tables of all stacks, as far as they can be told. To ask may take as long as the run may be kept waiting.
type Others interface {
	// Named returns the tables of a name, Matching those with names that match, Own those of the running stack, as it was
	// before the run.
	Named(name string) []tables.Entry
	Matching(match func(name string) bool) []tables.Entry
	Own() []tables.Entry
	// Complete reports whether a table that is not known is one that no stack owns.
	Complete() bool
	// Unread says what was not read of what was asked for.
	Unread() []string
}

// Outside is what lies around a run and is not part of its stack. Where there is nothing, nothing is known.
type Outside struct {
	Others Others
	AWS    *account.Sources
}

// Around returns what the resource takes from around it where it does not say itself where it is.
func (p *Pass) Around() place.Around {
	urn := p.Resource.URN
	around := place.Around{
		Region:     p.Stack.Region(),
		AWS:        p.Outside.AWS,
		Configured: p.Config.Pack().AccountOf(p.Stack.Organization, urn.Project(), urn.Stack()),
	}
	if p.Outside.Others != nil {
		around.Own = p.Outside.Others.Own
	}
	return around
}

// Owner returns the stack of the resource, with the URNs that the resource has or had.
func (p *Pass) Owner() tables.Owner {
	urn := p.Resource.URN
	o := tables.Owner{Organization: p.Stack.Organization, Project: urn.Project(), Stack: urn.Stack(), URNs: []string{string(urn)}}
	for _, alias := range p.Resource.Options.Aliases {
		o.URNs = append(o.URNs, string(alias))
	}
	return o
}

// IndexSettings say where the tables of other stacks are read from.
type IndexSettings struct {
	Source        string `json:"source" pattern:"https://.+|[^:]+|[A-Za-z]:[^:]+" like:"a path or an https URL"`
	SHA256        string `json:"sha256" pattern:"[0-9A-Fa-f]{64}" like:"64 hexadecimal digits"`
	MaxAgeDays    int    `json:"maxAgeDays" min:"1" max:"3650"`
	BudgetSeconds int    `json:"budgetSeconds" min:"1" max:"120"`
}

// A StackAccount is the account that stacks deploy to.
type StackAccount struct {
	Stacks  string `json:"stacks" required:""`
	Account string `json:"account" required:"" pattern:"[0-9]{12}" like:"12 digits"`
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
