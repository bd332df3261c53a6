// Package tables says what makes two tables the same one, and holds the index of those that other stacks own. It does no
// I/O of its own.
package tables

import (
	"slices"
	"strings"

	"dynamoguard/internal/text"
)

// A Part is one part of an identity: the account or the region. It is known, or known to be one of several, or known
// only to be the same as another that was worked out from the same inputs, or not known at all (the zero value).
type Part struct {
	Known string
	Among []string // where it is not known, what it can be, if that is known
	// Secret: no message may show it.
	Secret bool
	// From is what says so, or what was found in its place; fit to be shown.
	From string
	// Like is equal for two parts that must be the same, whatever they are. Compared where one is not known.
	Like string
	// Configured is the account that the organization's configuration names, where that is another one than is known here;
	// empty where nothing contradicts. Identity.Configured is compared by it.
	Configured string
	// Bound: the program names the account itself, and the provider works in no other one, so what is configured is doubtful.
	Bound bool
}

// Texts keeps one of each text: what many parts are Like is kept once.
type Texts map[string]string

// Share returns an identity that holds no text of its own but its name.
func (t Texts) Share(i Identity) Identity {
	for _, text := range []*string{&i.Account.Known, &i.Account.From, &i.Account.Like, &i.Region.Known, &i.Region.From, &i.Region.Like} {
		kept, ok := t[*text]
		if !ok {
			kept = *text
			t[kept] = kept
		}
		*text = kept
	}
	return i
}

// An Identity is what is unique in AWS: a table name within an account and a region. The partition follows from the
// region.
type Identity struct {
	Account, Region Part
	Name            string
}

// A Match says whether two things are the same.
type Match uint8

const (
	Different Match = iota
	Possible        // nothing says that they differ, nothing that they are the same
	Same
)

func (p Part) match(q Part) Match {
	mine, others := p.candidates(), q.candidates()
	inOthers := func(c string) bool { return slices.Contains(others, c) }
	switch {
	case len(mine) > 0 && len(others) > 0 && !slices.ContainsFunc(mine, inOthers):
		return Different
	case len(mine) == 1 && len(others) == 1, p.Like != "" && p.Like == q.Like:
		return Same
	default:
		return Possible
	}
}

func (p Part) candidates() []string {
	if p.Known != "" {
		return []string{p.Known}
	}
	return p.Among
}

// Configured is the identity in the account that is configured, where another one is known; ok is false where nothing
// contradicts.
func (i Identity) Configured() (configured Identity, ok bool) {
	p := i.Account
	if p.Configured == "" {
		return Identity{}, false
	}
	i.Account = Part{Known: p.Configured, From: ByConfiguration + ", against " + p.said()}
	return i, true
}

// ByConfiguration is what an account that is configured is known from.
const ByConfiguration = "dynamoguard.accounts"

// said is what is known of a part and by what, as far as a message may show it.
func (p Part) said() string {
	if p.Secret {
		return "its provider"
	}
	by := p.From
	if p.Known == "" {
		by = "its provider" // which allows several
	}
	return text.List(p.candidates(), " or ") + " by " + by
}

// Match compares two identities. Table names are case-sensitive.
func (i Identity) Match(j Identity) Match {
	if i.Name != j.Name {
		return Different
	}
	account, region := i.Compare(j)
	return min(account, region)
}

// Compare compares where two identities live.
func (i Identity) Compare(j Identity) (account, region Match) {
	return i.Account.match(j.Account), i.Region.match(j.Region)
}

// A Claim is one identity that a resource owns: its own table, or a replica of it.
type Claim struct {
	Identity Identity
	Path     string // the property that claims it, such as replicas[0].regionName
	// Shown is the name as a message may show it.
	Shown string
	// Secret: the name is one, so that who else has it is one as well.
	Secret bool
}

// Telling reports whether to name who else has the table would tell a secret: its name, its account or its region.
func (c Claim) Telling() bool {
	known := func(p Part) bool { return len(p.candidates()) > 0 }
	account, region := c.Identity.Account, c.Identity.Region
	return c.Secret || account.Secret && known(account) || region.Secret && known(region)
}

// A Collision is a claim on an identity that another resource claimed before.
type Collision struct {
	Claim, Earlier Claim
	EarlierURN     string
	Match          Match // Same or Possible
}

// An ARN is the ARN of a table in its parts:
//
//	arn:<partition>:dynamodb:<region>:<account>:table/<name>
//
// Source: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
type ARN struct{ Partition, Region, Account, Name string }

// ParseARN takes the ARN of a table apart. That of an index, a stream or a backup is not one.
func ParseARN(s string) (ARN, bool) {
	p := strings.SplitN(s, ":", 6)
	if len(p) != 6 || p[0] != "arn" || p[2] != "dynamodb" {
		return ARN{}, false
	}
	name, ok := strings.CutPrefix(p[5], "table/")
	if !ok || name == "" || strings.Contains(name, "/") {
		return ARN{}, false
	}
	return ARN{Partition: p[1], Region: p[3], Account: p[4], Name: name}, true
}
